"""The mail: its headers, and the bytes of every attempt."""

import re
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.policy import default

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.record.values import NoticeType
from tests.workers.channels.email.sending import SENDER, by_mail, mailed, part
from tests.workers.channels.hostile import described_events, notices
from tests.workers.channels.made_up import WATCH, described, notice, several, subject
from workers.channels.email import text
from workers.channels.email.cards import Card
from workers.channels.email.render import render, wire
from workers.values import Cause, DescribedEvent


def test_every_attempt_is_the_same_to_the_byte() -> None:
    """A repeat is recognised by its Message-ID, and nothing else in it differs either."""
    assert wire(render(by_mail(described()), SENDER)) == wire(render(by_mail(described()), SENDER))


def test_the_headers_of_a_change() -> None:
    """Who, to whom (one), what in the subject, when it was made, and from which list."""
    mail = mailed(by_mail(described()))
    assert mail["From"] == "Recommendations <watch@agency.example>"
    assert mail["To"] == "audit@example.org"
    assert mail["Subject"] == "GAO-23-105607 rec. 5 (CBP): deadline moved, May 2024 → Sep 2025"
    assert mail["Date"].datetime == by_mail(described()).created_at
    assert mail["Message-ID"] == "<msg_5kTq2VwJb8RrXn4HsLm6Zd@recwatch.agency.example>"
    assert mail["List-Id"] == "<weekly.recwatch.agency.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Recwatch-Subscription"] == "weekly"
    assert mail["X-Recwatch-Events"] == "evt_3vQ0cGm8T1xZk5LwYpR7hN"
    assert "Precedence" not in mail


def test_a_sender_without_a_name_is_recwatch() -> None:
    """Recipients see who writes, not only an address."""
    assert render(by_mail(described()), "watch@agency.example")["From"] == "recwatch <watch@agency.example>"


def test_mails_on_one_recommendation_belong_together() -> None:
    """The same References for one recommendation, others for another, whatever the event."""
    first, later = (
        mailed(by_mail(described())),
        mailed(by_mail(described(id="evt_2", revision=9), id="msg_2")),
    )
    other = mailed(by_mail(described(subject=subject(key="another"))))
    assert first["References"] == first["In-Reply-To"] == later["References"]
    assert first["References"].startswith("<recommendation-")  # folded, it would begin with a space
    assert other["References"] != first["References"]
    assert first["Message-ID"] != later["Message-ID"]


def test_digests_of_one_subscription_belong_together() -> None:
    """And not with the mails on a recommendation, even where a digest holds one."""
    digest = mailed(by_mail(described(), cause=Cause.DIGEST, watch=WATCH))
    assert digest["References"] == mailed(by_mail(cause=Cause.DIGEST, watch=WATCH))["References"]
    assert digest["References"] != mailed(by_mail(described()))["References"]


def test_trouble_and_recovery_belong_together() -> None:
    """Operators see the end of an incident under its beginning."""
    bad = mailed(by_mail(cause=Cause.NOTICE, notice=notice(NoticeType.BLOCKED)))
    good = mailed(by_mail(cause=Cause.NOTICE, notice=notice(NoticeType.RECOVERED)))
    assert bad["References"] == good["References"]


@pytest.mark.parametrize("base_url", ["", "http://watch.agency.example", "https://watch.agency.example/"])
def test_unsubscribing_is_a_mail_to_the_operators(base_url: str) -> None:
    """Nothing serves one click yet: a link to an address that does not answer is worse than none."""
    mail = mailed(by_mail(described(), base_url=base_url))
    assert mail["List-Unsubscribe"].startswith("<mailto:operators@agency.example?subject=unsubscribe%20")
    assert "http" not in mail["List-Unsubscribe"]
    assert "List-Unsubscribe-Post" not in mail
    assert "/unsubscribe" not in part(mail, "html") + part(mail, "plain")


def test_without_operators_by_mail_unsubscribing_goes_to_the_sender() -> None:
    """Somebody reads it either way."""
    mail = mailed(by_mail(described(), operators_address=""))
    assert mail["List-Unsubscribe"].startswith("<mailto:watch@agency.example?")


def test_long_headers_stay_intact() -> None:
    """An encoded or broken List-Unsubscribe is none; encoded words keep to 75 characters (RFC 2047)."""
    far = f"{'operators' * 7}@{'agency.' * 20}example"
    body = wire(render(by_mail(*several(40), cause=Cause.SUMMARY, operators_address=far), SENDER))
    head = body.partition(b"\r\n\r\n")[0].decode("ascii")
    assert re.search(r"^List-Unsubscribe: <mailto:[^\s>]{200,}>\r$", head, re.MULTILINE)
    titled = described(subject=subject(product=None, title="Prüfung über die Ämter → " * 8))
    encoded = wire(render(by_mail(titled), SENDER)).decode("ascii")
    assert all(len(word) <= 75 for word in re.findall(r"=\?utf-8\?[bq]\?[^?]*\?=", encoded))


def test_lines_and_characters_fit_any_server() -> None:
    """No server needs 8BITMIME for it, none is given a line that it may cut."""
    body = wire(render(by_mail(described(new=replace(described().event.new, narrative="ü" * 5_000))), SENDER))
    assert body.isascii()
    assert max(len(line) for line in body.split(b"\r\n")) <= 998
    assert b"\n" not in body.replace(b"\r\n", b"")


def test_an_encoded_word_in_a_title_is_no_header() -> None:
    """What a mail program would decode to a line end and a Bcc stays words."""
    told = described(subject=subject(product=None, title="=?utf-8?q?=0ABcc:_victim=40example.org?="))
    mail = mailed(by_mail(told))
    assert "Bcc" not in mail
    assert mail["Subject"].startswith("= ?utf-8?q?=0ABcc:")


def test_marks_begin_the_subject() -> None:
    """A test and a replay are told from news in the list of mails."""
    assert mailed(by_mail(described(), cause=Cause.TEST))["Subject"].startswith("[Test] GAO-23")
    assert mailed(by_mail(described(), cause=Cause.REPLAY))["Subject"].startswith("[Sent again] GAO-23")


@pytest.mark.parametrize(
    ("changes", "subject_line"),
    [
        ({"cause": Cause.DIGEST, "watch": WATCH}, "GAO, Mar 1: nothing changed, 25 watched"),
        ({"cause": Cause.NOTICE, "notice": notice()}, "recwatch: source gao-open is refused"),
    ],
)
def test_subjects_of_what_is_no_change(changes: dict[str, object], subject_line: str) -> None:
    """An empty digest and trouble say so in the list of mails."""
    assert mailed(by_mail(**changes))["Subject"] == subject_line


def test_the_subject_of_a_digest_counts() -> None:
    """What is in it can be seen without opening it."""
    mail = mailed(by_mail(*several(3), cause=Cause.DIGEST, watch=WATCH))
    assert mail["Subject"] == "GAO, CBP, Mar 1: 3 changes, 3 deadlines moved"


def test_addresses_of_other_alphabets() -> None:
    """A domain goes as IDNA; a name before the @ needs a server that takes it, and then goes as it is."""
    mail = render(by_mail(described(), recipient="prüfung@bücher.example"), SENDER)
    assert mail["To"].addresses[0].addr_spec == "prüfung@xn--bcher-kva.example"
    assert "prüfung@xn--bcher-kva.example".encode() in wire(mail, utf8=True)


TRYING = settings(
    max_examples=60,
    deadline=timedelta(seconds=60),  # what is quadratic would take minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
_ALLOWED = {
    "From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "List-Id", "List-Unsubscribe",
    "Auto-Submitted", "X-Recwatch-Subscription", "X-Recwatch-Events", "MIME-Version", "Content-Type",
}  # fmt: skip


def test_a_change_without_a_fact_is_written() -> None:
    """A new recommendation of a digest: its agency and report stand above it, and nothing else is known."""
    card = Card("rec. 5", "https://www.gao.gov/", "View it", "New", "", "New", (), (), (), "", "event evt_1")
    assert text._card(card, alone=False)[0] == "rec. 5: New"


@TRYING
@given(
    st.lists(described_events(), min_size=1, max_size=4),
    st.sampled_from((Cause.INSTANT, Cause.TEST, Cause.REPLAY, Cause.SUMMARY, Cause.DIGEST)),
)
def test_whatever_is_told_the_mail_is_sound_and_inert(told: list[DescribedEvent], cause: Cause) -> None:
    """No text makes a header, a part, a tag or a script; both parts stay within their size."""
    told = told[:1] if cause in (Cause.INSTANT, Cause.TEST) else told
    message = by_mail(*told, cause=cause, watch=WATCH if cause == Cause.DIGEST else None)
    mail = mailed(message)
    assert set(mail.keys()) == _ALLOWED
    assert len(mail.get_all("To")) == len(mail.get_all("Subject")) == 1
    assert [each.get_content_type() for each in mail.iter_parts()] == ["text/plain", "text/html"]
    html, text = part(mail, "html"), part(mail, "plain")
    tags = {tag.lower() for tag in re.findall(r"<([a-zA-Z][\w]*)", html)}
    assert not tags & {"script", "img", "iframe", "object", "form", "link", "base", "svg"}
    assert not re.search(r"\b(?:src|background|on\w+)\s*=\s*[\"']?\w", re.sub(r">[^<]*<", "><", html))
    for shown in (html, text):
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", shown)
        assert len(shown) < 300_000
        assert message.subscription.id in shown
    body = wire(render(message, SENDER))
    assert body.isascii()
    assert max(len(line) for line in body.split(b"\r\n")) <= 998


@TRYING
@given(notices)
def test_whatever_is_wrong_the_notice_is_sound(trouble: object) -> None:
    """Operators hear, whatever the message is made of."""
    mail = mailed(by_mail(cause=Cause.NOTICE, notice=trouble))
    assert "<script" not in part(mail, "html")
    assert len(part(mail, "plain")) < 20_000


@pytest.mark.parametrize("utf8", [False, True])
@pytest.mark.parametrize("length", range(20, 60))
def test_a_subject_arrives_as_it_was_written_wherever_its_lines_end(length: int, utf8: bool) -> None:
    """No space is doubled or lost where plain words meet an arrow at a line's end."""
    made = render(by_mail(described(subject=subject(product="", title="L" * length))), SENDER)
    written = str(made["Subject"])
    assert "→" in written
    raw = wire(made, utf8=utf8)
    assert str(message_from_bytes(raw, policy=default)["Subject"]) == written
    head = raw.split(b"\r\n\r\n")[0]
    assert max(map(len, head[head.index(b"Subject") :].split(b"\r\nDate")[0].split(b"\r\n"))) <= 78
