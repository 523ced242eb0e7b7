"""Fits the weights of claims to labelled pairs, and writes workers/meaning/significance/weights.toml.

Run from the project's root, with scikit-learn installed:
python -m tests.workers.meaning.significance.fit [--cross]

--cross writes nothing: each fresh file is scored by weights fitted on all the others. The table set aside
(aside.toml) is fitted to by none.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression

from tests.workers.meaning.significance.score import Report, print_report, score_pairs
from tests.workers.meaning.significance.table import PAIRS, Pair, forget, read_file
from workers.meaning.significance import scoring
from workers.meaning.significance.claims.actions import ACTION, Known, find_reports
from workers.meaning.significance.claims.deadlines import SAME_DEED
from workers.meaning.significance.claims.expectations import DEADLINE
from workers.meaning.significance.claims.removal import REMOVAL, find_removals
from workers.meaning.significance.claims.same_deed import pair_features
from workers.meaning.significance.comparison.rewriting import REWRITING, rewriting_features
from workers.meaning.significance.pair import Pair as Narratives
from workers.meaning.significance.scoring import Features, Tables
from workers.values import Level

# Chosen on sets that the weights never saw (--cross): precision first, then recall.
THRESHOLDS = {
    DEADLINE: {"likely": -0.5, "claim": 0.5, "set": 1.5},
    SAME_DEED: {"moved": 0.5, "set": -1.75},
    ACTION: {"claim": 1.5},
    REMOVAL: {"claim": 0.3},
    REWRITING: {"claim": 0.0, "words": 10},
}
_DATES = ("deadline_set", "deadline_moved")
ASIDE = "aside.toml"  # never fitted to
_ROUNDS = 6  # in which the candidate that a label means is told from the others of its pair


@dataclass(frozen=True)
class Example:
    """Features and what they should come to; `bag`: one of these is what a pair's label means."""

    features: Features
    right: bool
    weight: float
    bag: int = 0


@dataclass(frozen=True)
class Sample:
    """A labelled pair, its narratives read, and how much it counts."""

    pair: Pair
    read: Narratives
    weight: float


def _sample(pair: Pair, weight: float) -> Sample:
    event = pair.event
    assert event.old
    assert event.new
    return Sample(pair, Narratives(event, event.old.narrative, event.new.narrative), weight)


def files() -> dict[str, float]:
    """The table's files with what a pair of each counts: those in the fresh format are natural updates."""
    old = {file.name: 0.5 for file in sorted(PAIRS.glob("*.toml")) if file.name != ASIDE}
    fresh = sorted(file for file in (PAIRS / "fresh").glob("*.toml") if ".labels" not in file.name)
    return old | {f"fresh/{file.name}": 5.0 for file in fresh}


def fit(samples: Sequence[Sample]) -> Tables:
    """All tables; those of the same deed build on those of deadlines."""
    tables: Tables = {}
    for kind, examples in (
        (DEADLINE, _deadlines),
        (SAME_DEED, _same_deeds),
        (ACTION, _actions),
        (REMOVAL, _removals),
        (REWRITING, _rewritings),
    ):
        weights = _weights(
            list(examples(samples)),
            bags=kind in {ACTION, REMOVAL},
            strength=1.0 if kind == REWRITING else 0.3,
        )
        tables[kind] = {"thresholds": THRESHOLDS[kind], "weights": weights}
        scoring.use(tables)
    return tables


def _weights(examples: Sequence[Example], *, bags: bool, strength: float) -> dict[str, float]:
    vectors = DictVectorizer()
    matrix = vectors.fit_transform([example.features for example in examples])
    labels = np.array([example.right for example in examples])
    weight = [example.weight for example in examples]
    right = labels.copy()
    for _ in range(_ROUNDS if bags else 1):
        model = LogisticRegression(C=strength, max_iter=3000, fit_intercept=False).fit(
            matrix, right, sample_weight=weight
        )
        if bags:
            right = _meant(examples, labels, model.decision_function(matrix))
    found = zip(vectors.feature_names_, model.coef_[0], strict=True)
    return {name: round(float(value), 2) for name, value in found if abs(value) >= 0.05}


def _meant(examples: Sequence[Example], labels: "np.ndarray", scores: "np.ndarray") -> "np.ndarray":
    """Of the candidates of a pair whose label asserts the signal, the likeliest, and all that are likely."""
    right = labels & (scores > 0)
    best: dict[int, int] = {}
    for index, example in enumerate(examples):
        if example.right and (example.bag not in best or scores[index] > scores[best[example.bag]]):
            best[example.bag] = index
    right[list(best.values())] = True
    return right


def _deadlines(samples: Iterable[Sample]) -> Iterator[Example]:
    for sample in samples:
        gold, unsure = _dated(sample.pair)
        for one in _new_dates(sample):
            if one.name in gold or one.name not in unsure:
                yield Example(one.features, one.name in gold, sample.weight)


def _dated(pair: Pair) -> tuple[dict[str | None, tuple[str, str | None]], set[str | None]]:
    gold = {new: (kind, old) for kind, old, new in pair.signals - pair.allowed if kind in _DATES}
    return gold, {new for kind, _, new in pair.allowed if kind in _DATES}


def _new_dates(sample: Sample):
    setting = sample.read.setting
    names = {mention.name for one in setting.old for mention in one.dates}
    ends = {mention.last for one in setting.old for mention in one.dates}
    gold, _ = _dated(sample.pair)
    for one in setting.after:
        if one.sentence.text in setting.stood or one.mention.last <= setting.seen:
            continue
        if one.name in gold or not (one.name in names or one.mention.last in ends):
            yield one


def _same_deeds(samples: Iterable[Sample]) -> Iterator[Example]:
    for known in samples:
        sample = _sample(known.pair, known.weight)  # read anew: what is likely is now known
        gold, _ = _dated(sample.pair)
        for new in _new_dates(sample):
            if new.name not in gold:
                continue
            kind, old = gold[new.name]
            for other in sample.read.setting.before:
                right = kind == "deadline_moved" and old == other.name
                yield Example(pair_features(new, other, sample.read.setting), right, sample.weight)


def _actions(samples: Iterable[Sample]) -> Iterator[Example]:
    sign = ("action_reported", None, None)
    for bag, sample in enumerate(samples):
        if sign in sample.pair.allowed:
            continue
        known = Known(sample.read.old, sample.read.seen)
        for one in sample.read.came:
            for report in () if one.stock else find_reports(one, known):
                yield Example(report.features, sign in sample.pair.signals, sample.weight, bag)


def _removals(samples: Iterable[Sample]) -> Iterator[Example]:
    sign = ("text_removed", None, None)
    for bag, sample in enumerate(samples):
        if sign in sample.pair.allowed or sample.pair.level is not Level.SUBSTANTIVE:
            continue
        for one in find_removals(sample.read.old, sample.read.remaining):
            yield Example(one.features, sign in sample.pair.signals, sample.weight, bag)


def _rewritings(samples: Iterable[Sample]) -> Iterator[Example]:
    for sample in samples:
        old, new = sample.pair.event.old, sample.pair.event.new
        assert old
        assert new
        if old.status == new.status:
            features = rewriting_features(sample.read.gone, sample.read.came)
            yield Example(features, sample.pair.level is not Level.SUBSTANTIVE, sample.weight)


def cross(samples: dict[str, list[Sample]]) -> None:
    """Score each fresh file by weights fitted on all the others."""
    fresh = Report()
    for held, pairs in samples.items():
        if not held.startswith("fresh/"):
            continue
        fit([one for name, some in samples.items() if name != held for one in some])
        forget()
        fresh.add(score_pairs(sample.pair for sample in pairs))
    print("fresh")
    print_report(fresh)
    if "--faults" in sys.argv:
        print(*fresh.faults, sep="\n")


def write(tables: Tables) -> None:
    """Write the weights, the heaviest first."""
    lines = [
        "# What each feature of a candidate weighs.",
        "# Written by python -m tests.workers.meaning.significance.fit",
    ]
    for kind, parts in tables.items():
        for part, values in parts.items():
            lines += ["", f'["{kind}".{part}]']
            lines += [
                f'"{name}" = {value}' for name, value in sorted(values.items(), key=lambda one: -abs(one[1]))
            ]
    scoring.WEIGHTS.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    """Fit on everything, or cross-validate."""
    samples = {
        name: [_sample(pair, weight) for pair in read_file(PAIRS / name)] for name, weight in files().items()
    }
    if "--cross" in sys.argv:
        cross(samples)
    else:
        write(fit([one for some in samples.values() for one in some]))


if __name__ == "__main__":
    main()
