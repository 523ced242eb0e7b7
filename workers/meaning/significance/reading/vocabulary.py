"""What words around a date speak of: lists of words and of pairs of words, each list a feature.

A word stands for all its forms; a pair ("rather_than") for itself.
"""

import re
from collections.abc import Iterator

from workers.meaning.significance.reading.wordforms import stem

_LISTS = {
    "expects": (
        "expect anticipate intend estimate project projected aim hope target goal foresee forecast "
        "plan planned mean_to means_to meant_to looking_at look_to likely want_to wants_to wanted_to"
    ),
    "will": "will is_to are_to to_be now_to going_to",
    "would": "would was_to were_to should",
    "scheduled": (
        "schedule slated due on_track set_for milestone deadline ecd completion_date target_date give "
        "gave places calls_for"
    ),
    "completes": (
        "complete completion finish finalize issue publish release implement deploy install deliver "
        "submit approve sign update revise done ready final out available in_place establish develop "
        "add connect fill hire post expand adopt conclude carry_out have_it"
    ),
    "begins": "begin began start commence initiate kick resume launch open",
    "takes effect": (
        "effective take_effect takes_effect into_effect into_force expire lapse sunset ends to_end "
        "will_end ending run last remain continue through extend"
    ),
    "by law": (
        "law existing_rule proposed_rule final_rule statute statutory mandate act congress decree "
        "order legally legislation require required must direct ndaa"
    ),
    "others act": (
        "contractor vendor state industry company companies carrier airline hospital borrower comment "
        "public court judge operator manufacturer applicant grantee recipient provider owner agencies "
        "omb committee school lender tribe awardee importer institution component"
    ),
    "yearly": (
        "each_year each_month each_quarter each_fiscal every annual annually yearly cycle season "
        "budget quarterly per_year once_a next_update next_review next_round next_meeting"
    ),
    "meeting": "meeting hearing conference summit session workshop",
    "GAO waits": "we our gao",
    "money": "fund funding million billion budget appropriation appropriations",
    "figures of": "data figures results average sample estimate_for report_for claims",
    "depends": "if once when until unless after pending depending could might whether would_like",
    "denied": "not never no_longer unable cannot without don't doesn't didn't",
    "former": (
        "had_planned had_expected had_hoped had_told had_said had_given had_anticipated had_estimated "
        "had_intended originally initially previously earlier first_planned first_expected "
        "rather_than instead_of have_been would_have was_due were_due missed came_and passed_without "
        "did_not sooner_than ahead_of"
    ),
    "talk with us": "comment_period respond to_us us_an us_with update_us brief",
}
_WORD = re.compile(r"[A-Za-z'’]+")
_NONE: frozenset[str] = frozenset()


def _compiled() -> tuple[dict[str, frozenset[str]], dict[str, frozenset[str]]]:
    words: dict[str, set[str]] = {}
    pairs: dict[str, set[str]] = {}
    for name, listed in _LISTS.items():
        for entry in listed.split():
            table, key = (pairs, entry.replace("_", " ")) if "_" in entry else (words, stem(entry))
            table.setdefault(key, set()).add(name)
    return ({k: frozenset(v) for k, v in words.items()}, {k: frozenset(v) for k, v in pairs.items()})


_WORDS, _PAIRS = _compiled()


def spoken_of(text: str) -> Iterator[tuple[str, int]]:
    """The names of the lists that words of a text are on, each with the place of the word."""
    before = ""
    for found in _WORD.finditer(text):
        low = found[0].lower()
        pair = f"{before} {low}"
        if pair in _PAIRS:
            yield from ((name, found.start()) for name in _PAIRS[pair])
        yield from ((name, found.start()) for name in _WORDS.get(stem(low), _NONE))
        before = low
