"""The preview that the demo and the README show."""

import re

from tests.workers.channels.made_up import WATCH, described, several, state
from tests.workers.channels.slack.sending import to_slack
from workers.channels.slack.preview import preview
from workers.channels.slack.render import render, render_plain
from workers.values import Cause


def test_it_shows_what_the_payload_says() -> None:
    """Headline, struck and bold words, the button and the footer."""
    page = preview(render(to_slack(described())))
    assert "<s>May 2024.</s>" in page
    assert re.search(r"<b>[^<]*September 2025\.", page)
    assert (
        '<a class="button" href="https://www.gao.gov/products/gao-23-105607">'
        "View GAO-23-105607 on gao.gov</a>" in page
    )
    assert "subscription cbp-team" in page


def test_it_fetches_nothing_and_runs_nothing() -> None:
    """A page that is opened from a disk shows text, and text alone."""
    told = described(new=state('<script>x</script> & "quoted"'), runs=(("insert", "<script>x</script> &"),))
    page = preview(render(to_slack(told)), time="<now>")
    assert "<script" not in page
    assert "&lt;script&gt;x&lt;/script&gt; &amp;" in page
    assert not re.search(r"src=|@import|url\(|<link", page)


def test_it_shows_lists_and_plain_text() -> None:
    """A digest's bullets, and a payload that lost its blocks."""
    page = preview(render(to_slack(*several(20), cause=Cause.DIGEST, watch=WATCH)))
    assert page.count("<li>") + page.count("<blockquote>") == 20
    assert "[now: September 2025." in preview({"text": render_plain(to_slack(described()))})
