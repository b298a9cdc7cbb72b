"""Draws times over sizes as lines in an SVG picture, with logarithmic axes."""

from collections.abc import Iterator, Sequence
from html import escape
from math import ceil, floor, log10
from typing import Final, NamedTuple

Point = tuple[float, float]
"""A number of documents, and seconds."""


class Line(NamedTuple):
    """A line with its name at its end: ``measured`` has circles, and ``further`` is dotted and may be empty."""

    name: str
    measured: list[Point]
    further: list[Point]


_WIDTH, _HEIGHT = 760, 460
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 190, 40, 52  # margins; names are in the right one
_NAME: Final = 18  # pixels between two names, at least
_UNITS: Final = {-3: "1 ms", -2: "10 ms", -1: "100 ms", 0: "1 s", 1: "10 s", 2: "100 s", 3: "1,000 s"}

STYLE: Final = """
    .page { fill: #fbfaf7; } .ink { fill: #24292f; } .soft { fill: #57606a; }
    path { fill: none; stroke-width: 2; } .grid { stroke: #d8d8d2; stroke-width: 1; }
    .further { stroke-dasharray: 2 5; }
    .c0 { stroke: #3f76b5; } .c1 { stroke: #b5631f; } .c2 { stroke: #2f8a4c; } .c3 { stroke: #8253b3; }
    .c4 { stroke: #b03a5b; } .c5 { stroke: #5b6770; } circle { fill: #fbfaf7; stroke-width: 2; }
    @media (prefers-color-scheme: dark) {
      .page, circle { fill: #161b22; } .ink { fill: #e6edf3; } .soft { fill: #9aa5b1; } .grid { stroke: #343b44; }
      .c0 { stroke: #6ea4e0; } .c1 { stroke: #e0924f; } .c2 { stroke: #5fbe7e; } .c3 { stroke: #b48ae3; }
      .c4 { stroke: #e5718f; } .c5 { stroke: #a5b0ba; }
    }
"""


class _Scale(NamedTuple):
    """Maps the powers of ten from ``first`` to ``last`` to the pixels from ``start`` to ``end``."""

    first: int
    last: int
    start: float
    end: float

    def at(self, value: float) -> float:
        return self.start + (log10(value) - self.first) / (self.last - self.first) * (self.end - self.start)


def chart(title: str, lines: Sequence[Line]) -> str:
    """Return the picture of ``lines``."""
    points = [point for line in lines for point in (*line.measured, *line.further)]
    x = _Scale(*_decades(size for size, _ in points), _LEFT, _WIDTH - _RIGHT)
    y = _Scale(*_decades(seconds for _, seconds in points), _HEIGHT - _BOTTOM, _TOP)
    body = [*_axes(x, y), *_lines(lines, x, y)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" '
        f'height="{_HEIGHT}" role="img" font-family="system-ui, sans-serif" font-size="13">\n'
        f"  <title>{escape(title)}</title>\n  <style>{STYLE}  </style>\n"
        f'  <rect class="page" width="{_WIDTH}" height="{_HEIGHT}" rx="10"/>\n  '
        + "\n  ".join(body)
        + "\n</svg>\n"
    )


def _decades(values: Iterator[float]) -> tuple[int, int]:
    found = list(values)
    return floor(log10(min(found)) + 1e-9), ceil(log10(max(found)) - 1e-9)


def _axes(x: _Scale, y: _Scale) -> Iterator[str]:
    for power in range(x.first, x.last + 1):
        at = x.at(10**power)
        yield f'<path class="grid" d="M{at:.1f} {y.start}V{y.end}"/>'
        yield f'<text class="soft" x="{at:.1f}" y="{y.start + 20}" text-anchor="middle">{10**power:,}</text>'
    for power in range(y.first, y.last + 1):
        at = y.at(10**power)
        yield f'<path class="grid" d="M{x.start} {at:.1f}H{x.end}"/>'
        yield (
            f'<text class="soft" x="{x.start - 8}" y="{at + 4:.1f}" text-anchor="end">{_label(power)}</text>'
        )
    middle = (x.start + x.end) / 2
    yield f'<text class="ink" x="{middle}" y="{y.start + 40}" text-anchor="middle">documents</text>'
    yield f'<text class="ink" x="{x.start - 8}" y="{y.end - 18}" text-anchor="end">time</text>'


def _label(power: int) -> str:
    return _UNITS.get(power, f"{10**power:,} s" if power > 0 else f"{10 ** (power + 6):,} µs")


def _lines(lines: Sequence[Line], x: _Scale, y: _Scale) -> Iterator[str]:
    ends = [y.at((line.further or line.measured)[-1][1]) for line in lines]
    for number, (line, name) in enumerate(zip(lines, _apart(ends), strict=True)):
        yield f'<path class="c{number}" d="{_path(line.measured, x, y)}"/>'
        if line.further:
            yield f'<path class="c{number} further" d="{_path(line.further, x, y)}"/>'
        for size, seconds in line.measured:
            yield f'<circle class="c{number}" cx="{x.at(size):.1f}" cy="{y.at(seconds):.1f}" r="3.5"/>'
        yield f'<path class="c{number}" d="M{x.end + 8} {name - 4:.1f}h14"/>'
        yield f'<text class="ink" x="{x.end + 28}" y="{name:.1f}">{escape(line.name)}</text>'


def _apart(ends: Sequence[float]) -> list[float]:
    """Return places for names near ``ends``, with room between them."""
    places = [0.0] * len(ends)
    free = 0.0
    for number in sorted(range(len(ends)), key=ends.__getitem__):
        places[number] = free = max(ends[number] + 4, free + _NAME)
    return places


def _path(points: Sequence[Point], x: _Scale, y: _Scale) -> str:
    return "M" + "L".join(f"{x.at(size):.1f} {y.at(seconds):.1f}" for size, seconds in points)
