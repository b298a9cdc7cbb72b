"""Whether what writers saw can be the work of one key that changes one step at a time.

History itself claims an order, so it is checked rather than searched: every write that was acknowledged is
one revision, what failed is none, what broke off is one or none; each revision follows from the one
before it as its operation demands; and what one operation saw before another began, that one saw too.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple


class State(NamedTuple):
    """What the key was after one revision: its number, the operation that made it, and its value."""

    number: int
    name: str
    value: bytes | None


NOTHING = State(0, "nothing", None)


class Outcome(Enum):
    """How an operation ended."""

    WROTE = "wrote"
    SAW = "saw"
    """It wrote nothing: it read, or was refused."""
    BROKE = "broke"
    """It was killed or its answer was lost: it wrote, or not."""


@dataclass
class Operation:
    """What one writer did, and the steps of the schedule at which it began and ended.

    ``fits`` tells whether it could meet a state: before its own revision where it wrote, else when it
    read. ``value`` is what it makes of the state before.
    """

    name: str
    began: int
    value: Callable[[bytes | None], bytes | None]
    fits: Callable[[State], bool] = lambda state: True
    outcome: Outcome = Outcome.BROKE
    ended: float = float("inf")
    told: Any = None


def check(operations: list[Operation], states: list[State], *, found: bool = False) -> None:
    """``states`` are what was there before the ``operations``, from NOTHING on, and what these made of it.

    With ``found`` there were writers without versions among them, whose writes may be in history, each by
    nobody, or overwritten unseen: then what was read is not checked.
    """
    made = [state.name for state in states[1:] if not state.name.startswith("before")]
    assert len(made) == len(set(made)), f"a write is in history twice: {made}"
    assert set(made) <= {one.name for one in operations}, f"nobody wrote one of {made}"
    places = {state.name: float(state.number) for state in states}
    for one in operations:
        _alone(one, states, places)
    first = 0 if found else len(states) - 1 - len(made)
    _together(
        [one for one in operations if not found or one.outcome is not Outcome.SAW], states, places, first
    )


def _alone(one: Operation, states: list[State], places: dict[str, float]) -> None:
    """Whether an operation is in history as it should, after a state that it could meet."""
    if one.name not in places:
        assert one.outcome is not Outcome.WROTE, f"{one.name} was acknowledged and is not in history"
        return
    assert one.outcome is not Outcome.SAW, f"{one.name} was refused and is in history"
    number = int(places[one.name])
    before, after = states[number - 1], states[number]
    if one.outcome is Outcome.WROTE:
        assert one.fits(before), f"{one.name} came after {before}, which it did not expect"
    assert after.value == one.value(before.value), f"{one.name} made {after} of {before}"


def _together(operations: list[Operation], states: list[State], places: dict[str, float], first: int) -> None:
    """Whether what ended before another began comes before it."""
    placed = [(one, places[one.name]) for one in operations if one.name in places]
    for read in sorted((one for one in operations if one.outcome is Outcome.SAW), key=_ended):
        least = max([float(first), *(place for one, place in placed if one.ended < read.began)])
        most = min([float(len(states)), *(place for one, place in placed if one.began > read.ended)])
        fitting = [s.number for s in states if least <= s.number + 0.5 and s.number < most and read.fits(s)]
        assert fitting, f"{read.name} was told {read.told!r}: no state from {least} to {most} says so"
        placed.append((read, fitting[0] + 0.5))
    for one, place in placed:
        for other, later in placed:
            wrong = one.ended < other.began and place > later
            assert not wrong, f"{one.name} ended before {other.name} began and comes after it"


def _ended(one: Operation) -> float:
    return one.ended
