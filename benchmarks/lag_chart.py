"""Draws panels of series over the same seconds as an SVG picture, with the phases of the measurement."""

from collections.abc import Iterator, Sequence
from html import escape
from itertools import accumulate
from math import ceil, log10
from typing import Final, NamedTuple

from benchmarks.chart import STYLE

Point = tuple[float, float]


class Phase(NamedTuple):
    """A part of the measurement: its name, its seconds, and the writes a second."""

    name: str
    seconds: float
    rate: float


class Series(NamedTuple):
    """A line."""

    name: str
    points: list[Point]


class Panel(NamedTuple):
    """A picture of lines over the seconds, with linear axes from 0."""

    name: str
    lines: list[Series]


_WIDTH, _HEIGHT, _GAP = 760, 130, 34  # of a panel
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 24, 66, 48
_TICK: Final = 10  # seconds


def chart(title: str, panels: Sequence[Panel], phases: Sequence[Phase]) -> str:
    """Return the picture."""
    height = _TOP + len(panels) * (_HEIGHT + _GAP) - _GAP + _BOTTOM
    body = [*_phases(phases, height - _BOTTOM), *_seconds(phases, height - _BOTTOM)]
    for number, panel in enumerate(panels):
        body += _panel(panel, phases, _TOP + number * (_HEIGHT + _GAP), number)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" '
        f'height="{height}" role="img" font-family="system-ui, sans-serif" font-size="13">\n'
        f"  <title>{escape(title)}</title>\n  <style>{STYLE}  </style>\n"
        f'  <rect class="page" width="{_WIDTH}" height="{height}" rx="10"/>\n  '
        + "\n  ".join(body)
        + "\n</svg>\n"
    )


def _x(seconds: float, phases: Sequence[Phase]) -> float:
    whole = sum(phase.seconds for phase in phases)
    return _LEFT + seconds / whole * (_WIDTH - _LEFT - _RIGHT)


def _phases(phases: Sequence[Phase], bottom: float) -> Iterator[str]:
    """Yield the borders of the phases and their names, in two rows, so that long names have room."""
    ends = list(accumulate(phase.seconds for phase in phases))
    for number, (phase, end) in enumerate(zip(phases, ends, strict=True)):
        middle = _x(end - phase.seconds / 2, phases)
        y = 26 + 16 * (number % 2)
        yield f'<text class="ink" x="{middle:.1f}" y="{y}" text-anchor="middle">{escape(phase.name)}</text>'
        if end != ends[-1]:
            yield f'<path class="c5 further" d="M{_x(end, phases):.1f} {_TOP - 18}V{bottom}"/>'


def _seconds(phases: Sequence[Phase], bottom: float) -> Iterator[str]:
    whole = int(sum(phase.seconds for phase in phases))
    for at in range(0, whole + 1, _TICK):
        yield (
            f'<text class="soft" x="{_x(at, phases):.1f}" y="{bottom + 20}" text-anchor="middle">{at}</text>'
        )
    yield f'<text class="ink" x="{_x(whole / 2, phases)}" y="{bottom + 38}" text-anchor="middle">seconds</text>'


def _panel(panel: Panel, phases: Sequence[Phase], top: float, number: int) -> Iterator[str]:
    highest = _round(max(value for line in panel.lines for _, value in line.points))
    yield f'<text class="ink" x="{_LEFT + 6}" y="{top - 6}">{escape(panel.name)}</text>'
    for share in (0, 0.5, 1):
        y = top + _HEIGHT * (1 - share)
        yield f'<path class="grid" d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}"/>'
        yield (
            f'<text class="soft" x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{highest * share:,g}</text>'
        )
    for line in panel.lines:
        points = (
            f"{_x(at, phases):.1f} {top + _HEIGHT * (1 - min(value, highest) / highest):.1f}"
            for at, value in line.points
        )
        yield f'<path class="c{number}" d="M{"L".join(points)}"/>'


def _round(value: float) -> float:
    """Return the next number above ``value`` that is one digit and zeros.

    >>> _round(37.2), _round(0.4)
    (40.0, 0.4)
    """
    unit = 10.0 ** (ceil(log10(max(value, 1e-3))) - 1)
    return round(ceil(value / unit - 1e-9) * unit, 6)
