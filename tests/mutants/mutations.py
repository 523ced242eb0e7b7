"""Every mutant of a module's source: mutmut's operators, cosmic-ray's, and those for regular expressions.

Both tools' operators are used and neither's runner: mutmut mutates functions alone, and the fold's rules
stand in patterns outside of them; cosmic-ray starts Python and pytest anew for each mutant.
Left alone: docstrings, annotations, imports, and what dataclasses and caches are made with.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst
from cosmic_ray.ast import Visitor, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.provider import OperatorProvider
from libcst.metadata import MetadataWrapper, ParentNodeProvider, PositionProvider
from mutmut.mutation.mutators import mutation_operators

from tests.mutants import patterns

# They want arguments, and put any variable in any place.
_NOT_USED = frozenset(("VariableReplacer", "VariableInserter"))
_DECORATORS = frozenset(("dataclass", "lru_cache", "property", "classmethod"))


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of a module: where, by which operator, and the whole source with it."""

    line: int
    operator: str
    source: str


def mutants(source: str) -> list[Mutant]:
    """All distinct mutants, in the order of their lines; those that compile to the same code are one.

    Statements are mutated one at a time: the tools parse anew for each mutant.
    """
    skipped = _left_alone(source)
    lines = source.splitlines(keepends=True)
    found = []
    for first, last in _statements(source):
        before, after = "".join(lines[:first]), "".join(lines[last:])
        for mutant in _of_statement("".join(lines[first:last])):
            if first + mutant.line not in skipped:
                whole = before + mutant.source + after
                found.append(Mutant(first + mutant.line, mutant.operator, whole))
    return found


def _statements(source: str) -> Iterator[tuple[int, int]]:
    """Lines of the module's own statements, from one to before the other, counted from nought."""
    for node in ast.parse(source).body:
        decorators = [one.lineno for one in getattr(node, "decorator_list", [])]
        yield min(decorators, default=node.lineno) - 1, int(node.end_lineno or node.lineno)


def _of_statement(source: str) -> Iterator[Mutant]:
    seen = {_shape(source)}
    for mutant in sorted([*_mutmut(source), *_cosmic_ray(source)], key=lambda one: one.line):
        shape = _shape(mutant.source)
        if shape is not None and shape not in seen:
            seen.add(shape)
            yield mutant


def _shape(source: str) -> str | None:
    try:
        return ast.dump(ast.parse(source))
    except SyntaxError:
        return None


def _left_alone(source: str) -> set[int]:
    """Lines of docstrings, imports and decorators."""
    lines: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        decorators = getattr(node, "decorator_list", [])
        skipped = [one for one in decorators if any(name in ast.dump(one) for name in _DECORATORS)]
        if isinstance(node, ast.Import | ast.ImportFrom):
            skipped.append(node)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            skipped.append(node)
        for one in skipped:
            lines.update(range(one.lineno, one.end_lineno + 1))
    return lines


def _mutmut(source: str) -> Iterator[Mutant]:
    wrapper = MetadataWrapper(cst.parse_module(source))
    positions = wrapper.resolve(PositionProvider)
    parents = wrapper.resolve(ParentNodeProvider)
    for node, place in positions.items():
        if _in_annotation(node, parents):
            continue
        changes = [
            (op.__name__, new)
            for kind, op in mutation_operators
            if isinstance(node, kind)
            for new in op(node)
        ]
        changes += _of_pattern(node, parents)
        for name, new in changes:
            if not new.deep_equals(node):
                yield Mutant(place.start.line, name, wrapper.module.deep_replace(node, new).code)


def _in_annotation(node: cst.CSTNode, parents: dict) -> bool:
    while node in parents:
        if isinstance(node, cst.Annotation):
            return True
        node = parents[node]
    return False


def _of_pattern(node: cst.CSTNode, parents: dict) -> list[tuple[str, cst.CSTNode]]:
    if isinstance(node, cst.SimpleString):
        quote, inside = len(node.prefix) + len(node.quote), node.raw_value
        head, tail = node.value[:quote], node.quote
    elif isinstance(node, cst.FormattedStringText):
        head, inside, tail = "", node.value, ""
    else:
        return []
    raw = isinstance(node, cst.SimpleString) and "r" in node.prefix
    if not (raw or "|" in inside or _in_re_call(node, parents)):
        return []
    return [
        (f"regex: {what}", node.with_changes(value=head + changed + tail))
        for _, what, changed in patterns.mutants(inside)
    ]


def _in_re_call(node: cst.CSTNode, parents: dict) -> bool:
    while node in parents:
        node = parents[node]
        if isinstance(node, cst.Call):
            return isinstance(node.func, cst.Attribute) and getattr(node.func.value, "value", "") == "re"
    return False


class _Counter(Visitor):
    """The places at which an operator applies, in the order in which it counts them."""

    def __init__(self, operator: object) -> None:
        self.operator = operator
        self.places: list[tuple[int, int]] = []

    def visit(self, node: object) -> object:
        self.places += [start for start, _ in self.operator.mutation_positions(node)]  # type: ignore[attr-defined]
        return node


def _annotations(source: str) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Where annotations begin and end: as cosmic-ray counts, lines from one and columns from nought."""
    nodes = ast.walk(ast.parse(source))
    found = [getattr(node, name, None) for node in nodes for name in ("annotation", "returns")]
    return [((one.lineno, one.col_offset), (one.end_lineno, one.end_col_offset)) for one in found if one]


def _cosmic_ray(source: str) -> Iterator[Mutant]:
    annotations = _annotations(source)
    for name in OperatorProvider():
        if name in _NOT_USED:
            continue
        operator = OperatorProvider()[name]()
        counter = _Counter(operator)
        counter.walk(get_ast(source))
        for occurrence, place in enumerate(counter.places):
            if any(start <= place <= end for start, end in annotations):
                continue
            if changed := mutate_code(source, operator, occurrence):
                yield Mutant(place[0], name, changed)
