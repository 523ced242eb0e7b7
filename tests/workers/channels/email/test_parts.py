"""What the text and the HTML of a mail say."""

import re
from dataclasses import replace

import pytest
from selectolax.lexbor import LexborHTMLParser

from monitor.record.values import EventType
from tests.workers.channels.email.sending import by_mail, mailed, part
from tests.workers.channels.made_up import NEW, OLD, TEXT, WATCH, described, notice, several, state, subject
from workers.meaning.difference import describe
from workers.values import Cause, DescribedEvent, Level, Significance

LONG = " ".join(f"In step {number}, officials described a measure of their own." for number in range(4_000))
BOTH = pytest.mark.parametrize("subtype", ["plain", "html"])


def changed(old: str, new: str, **changes: object) -> DescribedEvent:
    made = described(signals=(), old=state(old), new=state(new), **changes)
    return replace(made, difference=describe(made.event))


def read(html: str) -> str:
    """What of a page is read: no styles, no tags, white space as one space."""
    body = re.sub(r"<style.*?</style>|<title.*?</title>", "", html, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", "", body).split())


@BOTH
def test_a_change_is_told_in_full(subtype: str) -> None:
    """Name, meaning, status, agency, report, the recommendation, where to read on, who sent it."""
    shown = part(mailed(by_mail(described())), subtype)
    flat = " ".join(shown.split())
    for said in (
        "GAO-23-105607 rec. 5 (CBP)",
        "Deadline moved, May 2024 → Sep 2025 (16 months later, moved a 2nd time)",
        "United States Customs and Border Protection",
        "Border Inspection: Better Upkeep of Scanners Would Shorten the Wait",
        "https://www.gao.gov/products/gao-23-105607",
        "subscription weekly · event evt_3vQ0cGm8T1xZk5LwYpR7hN",
    ):
        assert said in flat
    assert TEXT in flat


def test_the_text_shows_old_and_new_as_passages() -> None:
    """Both read as sentences, their own words between asterisks, lines of at most 76."""
    told = changed(
        "The office agreed. It expects to finish by May 2024.",
        "The office agreed. It expects to finish by June 2025.",
    )
    text = part(mailed(by_mail(told)), "plain")
    assert "Was:\n  The office agreed. It expects to finish by *May 2024.*\n" in text
    assert "Now:\n  The office agreed. It expects to finish by *June 2025.*\n" in text
    assert max(len(line) for line in text.splitlines() if "://" not in line and "mailto" not in line) <= 76


def test_the_text_says_added_where_nothing_went() -> None:
    """Twice the same sentence with and without the addition would have to be compared."""
    text = part(mailed(by_mail(changed("It agreed.", "It agreed. It began in May."))), "plain")
    assert "Added (between asterisks):\n  It agreed. *It began in May.*" in text
    assert "Was:" not in text
    gone = part(mailed(by_mail(changed("It agreed. It began in May.", "It agreed."))), "plain")
    assert "Removed (between asterisks):" in gone


def test_the_html_strikes_old_words_and_marks_new_ones() -> None:
    """White space stays outside the marks; a screen reader, which passes over marks, reads what they mean."""
    html = part(mailed(by_mail(changed("Done by May 2024 at last.", "Done by June 2025 at last."))), "html")
    removed, added = ('<span class="sr">removed: </span>', '<span class="sr">added: </span>')
    marked = f"Done by <del [^>]+>{removed}May 2024</del> <ins [^>]+>{added}June 2025</ins> at last"
    assert re.search(marked, html)


def test_the_html_needs_nothing_from_elsewhere() -> None:
    """No image, font or style is fetched: what is opened stays private, and is shown offline."""
    html = part(mailed(by_mail(*several(5), cause=Cause.DIGEST, watch=WATCH)), "html")
    assert not re.search(r"src=|url\(|@import|<link|<script", html)
    assert set(re.findall(r'(?:href|xmlns)="(\w+):', html)) <= {"https", "http", "mailto"}


def test_the_html_has_a_light_and_a_dark_side() -> None:
    """Mail programs are told that both are there."""
    html = part(mailed(by_mail(described())), "html")
    assert '<meta name="color-scheme" content="light dark">' in html
    assert "@media (prefers-color-scheme: dark)" in html
    assert 'bgcolor="#ffffff"' in html


def test_the_list_of_mails_previews_the_meaning() -> None:
    """What stands beside the subject is not the first words of a table."""
    html = part(mailed(by_mail(described())), "html")
    hidden = re.search(r'<div style="display:none[^>]+>([^&<]+)', html)
    assert hidden
    assert hidden[1].startswith("Deadline moved, May 2024 → Sep 2025")


@BOTH
def test_one_that_left_is_not_called_open(subtype: str) -> None:
    """What stood last is said to be the last: the recommendation is probably closed."""
    assert "Last status" in part(mailed(by_mail(described(EventType.VANISHED, signals=()))), subtype)


@BOTH
def test_paragraphs_stay_paragraphs(subtype: str) -> None:
    """A narrative's paragraphs are kept in both parts."""
    told = described(EventType.OPENED, signals=(), new=state("First paragraph.\n\nSecond paragraph."))
    shown = part(mailed(by_mail(told)), subtype)
    between = "<br><br>" if subtype == "html" else "\n\n  "
    assert f"First paragraph.{between}Second paragraph." in shown


@BOTH
@pytest.mark.parametrize(("old", "new"), [(LONG, "Nothing."), ("Nothing.", LONG), (LONG, LONG[::-1])])
def test_a_cut_text_says_how_much_and_where_the_rest_is(subtype: str, old: str, new: str) -> None:
    """A narrative of any length makes a mail that Gmail does not clip, and nothing goes unsaid."""
    shown = part(mailed(by_mail(changed(old, new))), subtype)
    assert len(shown.encode()) < 100_000
    flat = " ".join(shown.split())
    assert "words left out here. All of it: recwatch show evt_3vQ0cGm8T1xZk5LwYpR7hN" in flat
    online = part(mailed(by_mail(changed(old, new), base_url="https://watch.example.org")), subtype)
    assert "https://watch.example.org/events/evt_3vQ0cGm8T1xZk5LwYpR7hN" in online


def digest(*told: DescribedEvent) -> dict[str, str]:
    mail = mailed(by_mail(*told, cause=Cause.DIGEST, watch=WATCH))
    return {subtype: part(mail, subtype) for subtype in ("plain", "html")}


@BOTH
def test_a_digest_is_grouped_by_agency_and_report(subtype: str) -> None:
    """Contents with counts first; an agency's and a report's name stand once over their changes."""
    energy = subject(agency="Department of Energy", product="GAO-24-100001", title="Waste: Costs", number="1")
    shown = digest(*several(3), described(id="evt_e", recommendation_id=99, subject=energy))[subtype]
    flat = " ".join(shown.split()) if subtype == "plain" else read(shown)
    assert "4 changes 4 deadlines moved." in re.sub("=+ ", "", flat)
    assert "4 deadlines moved." in flat
    assert "25 recommendations watched, last read Mar 1, 2026." in flat
    assert flat.count("Border Inspection: Better Upkeep") == 1
    assert flat.count("United States Customs and Border Protection") == 2
    assert re.search(r"Department of Energy:? 1 change\b", flat)
    for told in several(3):
        assert told.event.id in flat


@BOTH
def test_changes_without_substance_are_a_line(subtype: str) -> None:
    """A review date that moved needs no old and new text in a digest."""
    redated = replace(described(signals=()), significance=Significance(Level.REDATED))
    shown = " ".join(re.sub(r"<[^>]+>", "", digest(redated)[subtype]).split())
    assert "Only the review date changed" in shown
    assert "officials told us" not in shown


@BOTH
def test_several_changes_of_one_recommendation_are_one_story(subtype: str) -> None:
    """First old and last new, with the steps between."""
    middle = "CBP agreed with this recommendation. It was pondering."
    first = changed(OLD, middle, id="evt_1", revision=2)
    second = changed(middle, NEW, id="evt_2", revision=3)
    shown = digest(second, first)[subtype]
    flat = " ".join(re.sub(r"<[^>]+>", "", shown).split())
    assert "2 changes in 1 recommendation" in flat
    assert "step by step" in flat.lower()
    assert flat.count("Mar 1, 2026: ") == 2
    assert "pondering" not in flat
    assert "events evt_1, evt_2" in flat


@pytest.mark.parametrize("number", [11, 25, 40, 60, 500, 1_200])
@pytest.mark.parametrize("cause", [Cause.DIGEST, Cause.SUMMARY])
def test_over_ten_changes_are_contents_and_three_lines_each(number: int, cause: Cause) -> None:
    """Below 25 kB however many there are; each with a link named as what it is; the rest is counted."""
    told = several(number)
    mail = mailed(by_mail(*told, cause=cause, watch=WATCH if cause == Cause.DIGEST else None))
    page, text = part(mail, "html"), part(mail, "plain")
    assert len(page.encode()) < 25_000
    assert len(text.encode()) < 25_000
    shown = sum(each.event.id in page for each in told)
    assert shown == sum(each.event.id in text for each in told) >= min(number, 40)
    assert page.count(">View GAO-23-105607 on gao.gov</a>") == shown
    assert "Contents" in page
    assert "Status update" not in page
    flat = " ".join(text.split())
    assert f"{shown} changes of substance listed without old and new text" in flat
    assert (
        number == shown or f"{number - shown:,} more recommendations not listed. All of it: recwatch" in flat
    )


def test_a_digest_of_many_agencies_is_below_25_kb() -> None:
    """Their headings take room, too, and so do characters that are escaped."""
    names = [f"Agency & <Office> of {'Things' * 20} {number}" for number in range(200)]
    told = [
        replace(each, event=replace(each.event, subject=subject(agency=name, product=f"GAO-24-{number}")))
        for number, (name, each) in enumerate(zip(names, several(200), strict=True))
    ]
    assert len(digest(*told)["html"].encode()) < 25_000


@BOTH
def test_up_to_ten_changes_are_shown_with_their_words(subtype: str) -> None:
    """Old and new text of each, without a table of contents where there is one agency."""
    told = [replace(each, difference=describe(each.event)) for each in several(10)]
    shown = " ".join(part(mailed(by_mail(*told, cause=Cause.SUMMARY)), subtype).split())
    assert shown.lower().count("status update") == 10
    assert "Contents" not in shown
    assert all(each.event.id in shown for each in told)


def test_the_parts_of_a_mail_are_headings() -> None:
    """h1 names the recommendation, its sections are h2; a digest has agency, report and change."""
    alone = LexborHTMLParser(part(mailed(by_mail(described())), "html"))
    assert outline(alone) == [1, 2, 2]
    assert "GAO-23-105607 rec. 5 (CBP)" in alone.css("h1")[0].text()
    assert outline(LexborHTMLParser(digest(*several(2))["html"])) == [1, 2, 3, 4, 4]
    assert outline(LexborHTMLParser(digest(*several(12))["html"])) == [1, 2, 2, 3, *[4] * 12]


def outline(tree: LexborHTMLParser) -> list[int]:
    """The levels of the headings, in order."""
    return [int(node.tag[1]) for node in tree.css("h1, h2, h3, h4, h5, h6")]


def test_the_whole_button_is_the_link() -> None:
    """Its padding belongs to the link, which is named as what it is."""
    (button,) = LexborHTMLParser(part(mailed(by_mail(described())), "html")).css("a.button")
    assert button.text() == "View GAO-23-105607 on gao.gov"
    assert "padding" in (button.attributes["style"] or "")


def test_tables_have_headers_or_are_for_looks() -> None:
    """A table is read out as one only where its rows have a header."""
    for node in LexborHTMLParser(part(mailed(by_mail(described())), "html")).css("table"):
        assert node.attributes.get("role") == "presentation" or node.css('th[scope="row"]')


@BOTH
def test_an_empty_digest_says_that_nothing_changed(subtype: str) -> None:
    """And how many are watched, and when they were last read."""
    assert "Nothing changed. 25 recommendations watched, last read Mar 1, 2026." in " ".join(
        digest()[subtype].split()
    )


@BOTH
def test_a_notice_says_what_is_wrong_and_since_when(subtype: str) -> None:
    """Operators need no other message to act."""
    flat = " ".join(part(mailed(by_mail(cause=Cause.NOTICE, notice=notice())), subtype).split())
    assert "recwatch: source gao-open is refused" in flat
    assert "www.example.org refused (403). Next try 14:10." in flat
    assert "Since Mar 1, 2026, 09:30 UTC" in flat


@BOTH
def test_a_status_that_moved_shows_both(subtype: str) -> None:
    """Old and new status stand side by side."""
    closed = described(
        EventType.CLOSED,
        signals=(),
        new=state(NEW, status="closed-implemented"),
        changed=("narrative", "status"),
    )
    flat = " ".join(re.sub(r"<[^>]+>", "", part(mailed(by_mail(closed)), subtype)).split())
    assert "Open → Closed, implemented" in flat


@BOTH
def test_markup_in_a_narrative_is_shown_not_obeyed(subtype: str) -> None:
    """A narrative about markup reads as it stands on the page."""
    told = described(EventType.OPENED, signals=(), new=state("Use <b>bold</b> & {{ braces }}."))
    shown = part(mailed(by_mail(told)), subtype)
    said = (
        "Use &lt;b&gt;bold&lt;/b&gt; &amp; {{ braces }}."
        if subtype == "html"
        else "Use <b>bold</b> & {{ braces }}."
    )
    assert said in shown
