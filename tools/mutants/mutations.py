"""Small changes of a module, one at a time: the operators of cosmic-ray, and three of our own."""

# The methods of cosmic-ray, which ships no types, are inferred to return None.
# pyright: reportIncompatibleMethodOverride=false, reportGeneralTypeIssues=false

import random
import warnings
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

import cosmic_ray.plugins
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Example, Operator
from parso.python.tree import Keyword, Name

Place = tuple[tuple[int, int], tuple[int, int]]

_FIXED = {"name", "string", "newline", "endmarker"}  # nodes that no operator changes; most nodes are of these
_TYPES_ONLY = {"@final", "@overload", "@override", "@runtime_checkable"}


class RemoveStatement(Operator):  # type: ignore[misc]  # cosmic-ray ships no types
    """Put ``pass`` in the place of a call, a raise, a deletion, or an assignment that changes an object."""

    def mutation_positions(self, node: Any) -> Iterator[Place]:
        if node.type == "simple_stmt" and _has_effect(node.children[0]):
            yield node.children[0].start_pos, node.children[0].end_pos

    def mutate(self, node: Any, index: int) -> Any:
        first = node.get_first_leaf()
        node.children[0] = Keyword("pass", first.start_pos, first.prefix)
        return node

    @classmethod
    def examples(cls) -> Sequence[Example]:
        return (
            Example("close()\n", "pass\n"),
            Example("self.size = 1\n", "pass\n"),
            Example("size += 1\n", "pass\n"),
        )


class RemoveKeyword(Operator):  # type: ignore[misc]  # cosmic-ray ships no types
    """Remove an argument that is given by its name."""

    def mutation_positions(self, node: Any) -> Iterator[Place]:
        for argument in _named(node):
            yield argument.start_pos, argument.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        at = node.children.index(_named(node)[index])
        is_followed = node.children[at + 1 : at + 2] and node.children[at + 1].type == "operator"
        del node.children[at : at + (2 if is_followed and node.children[at + 1].value == "," else 1)]
        return node

    @classmethod
    def examples(cls) -> Sequence[Example]:
        return (Example("open(path, mode=0)", "open(path,)"),)


class ReplaceException(Operator):  # type: ignore[misc]  # cosmic-ray ships no types
    """Catch an exception that nothing raises. The operator of cosmic-ray does not know names with a dot."""

    def mutation_positions(self, node: Any) -> Iterator[Place]:
        for caught in _caught(node):
            yield caught.start_pos, caught.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        caught = _caught(node)[index]
        first, beside = caught.get_first_leaf(), caught.parent.children
        beside[beside.index(caught)] = Name("BufferError", first.start_pos, first.prefix)
        return node

    @classmethod
    def examples(cls) -> Sequence[Example]:
        return (
            Example("try: f()\nexcept a.B as c: g()", "try: f()\nexcept BufferError as c: g()"),
            Example("try: f()\nexcept (A, b.C): g()", "try: f()\nexcept (A, BufferError): g()"),
        )


def _has_effect(node: Any) -> bool:
    if node.type == "expr_stmt":
        return node.children[0].type == "atom_expr" or getattr(node.children[1], "value", "=") != "="
    return node.type in {"atom_expr", "raise_stmt", "del_stmt", "yield_expr"}


def _caught(node: Any) -> list[Any]:
    """The exceptions that an except clause names."""
    if node.type != "except_clause":
        return []
    caught = node.children[1]
    if caught.type != "atom":
        return [caught]
    inner = caught.children[1]
    return inner.children[::2] if inner.type == "testlist_comp" else [inner]


def _named(node: Any) -> list[Any]:
    if node.type not in {"arglist", "trailer"}:
        return []
    return [child for child in node.children if child.type == "argument" and child.children[1] == "="]


# Those of cosmic-ray that insert variables need names; for its replacement of exceptions there is one of our own.
OPERATORS: list[Operator] = [
    *(
        cosmic_ray.plugins.get_operator(name)()
        for name in sorted(cosmic_ray.plugins.operator_names())
        if name not in {"core/VariableInserter", "core/VariableReplacer", "core/ExceptionReplacer"}
    ),
    RemoveKeyword(),
    RemoveStatement(),
    ReplaceException(),
]


class Mutation(NamedTuple):
    """The change that ``operator`` makes at its ``occurrence``-th place in a module."""

    operator: Operator
    occurrence: int

    def apply(self, source: str) -> str:
        """Return the changed source."""
        changed = mutate_code(source, self.operator, self.occurrence)
        assert isinstance(changed, str)  # noqa: S101 - `sites` found the place in this source
        return changed


def sites(source: str) -> list[tuple[int, list[Mutation]]]:
    """The places of a module that can change, each as its line and its changes; types and the like are left out."""
    tree = get_ast(source)
    nodes = list(ast_nodes(tree))
    types = [(node.start_pos, node.end_pos) for node in nodes if _is_for_types(node)]
    nodes = [node for node in nodes if node.type not in _FIXED]
    found: defaultdict[Place, list[Mutation]] = defaultdict(list)
    for operator in OPERATORS:
        places = (place for node in nodes for place in operator.mutation_positions(node))
        for occurrence, place in enumerate(places):
            if not any(start <= place[0] and place[1] <= end for start, end in types):
                found[place].append(Mutation(operator, occurrence))
    return [(place[0][0], found[place]) for place in sorted(found)]


def _is_for_types(node: Any) -> bool:
    """Whether the node only speaks to type checkers, so that no test can miss it."""
    if node.type == "decorator":
        return node.get_code(include_prefix=False).strip() in _TYPES_ONLY
    if node.type == "expr_stmt":
        return "TypeVar(" in node.children[-1].get_code()
    above = node.parent
    if above is None:
        return False
    if above.type == "funcdef":
        return bool(node is above.annotation)
    if above.type in {"annassign", "tfpdef"}:  # `: int = 0` of a variable, `name: int` of a parameter
        return bool(node is above.children[above.children.index(":") + 1])
    return bool(
        above.type == "if_stmt" and above.children[1].get_code(include_prefix=False) == "TYPE_CHECKING"
    )


def sample(sources: dict[str, str], count: int, seed: int) -> list[tuple[str, int, str]]:
    """``count`` mutants of the modules as path, line and changed source: every place is as likely as any other.

    A change that is not valid Python is left out.
    """
    chooser = random.Random(seed)  # noqa: S311 - the same seed must choose the same
    places = [(path, line, changes) for path in sorted(sources) for line, changes in sites(sources[path])]
    chooser.shuffle(places)
    changed = ((path, line, chooser.choice(changes).apply(sources[path])) for path, line, changes in places)
    return list(islice((mutant for mutant in changed if _is_valid(mutant[2])), count))


def _is_valid(source: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # SyntaxWarning: `is` and a literal
        try:
            compile(source, "<mutant>", "exec")
        except SyntaxError:
            return False
    return True
