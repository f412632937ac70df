"""Graphs as SVG, with nothing but text: lines over a plain or a logarithmic scale, light and dark.

chart = Chart("Home feed, 99 of 100", x="minutes", y="milliseconds", log_y=True)
chart.line("feed", [(0.0, 12.5), (0.1, 14.0), …])
chart.mark(100, "budget")
path.write_text(chart.svg())
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

_WIDTH, _HEIGHT = 720, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 16, 40, 44
#: Told apart also by those who see few colours (Okabe and Ito).
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#999999", "#000000")
_STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#333}.t{font-size:15px;font-weight:600}.g{stroke:#ddd}.m{stroke:#c00;"
    "stroke-dasharray:5 4}path{fill:none;stroke-width:1.8}svg{background:#fff}"
    "@media(prefers-color-scheme:dark){svg{background:#16181c}text{fill:#ccc}.g{stroke:#333}}"
)

Point = tuple[float, float]


@dataclass
class Chart:
    """One picture. Lines are drawn in the order in which they were added."""

    title: str
    x: str = ""
    y: str = ""
    log_x: bool = False
    log_y: bool = False
    gap: float = math.inf  # pixels without a point across which no line is drawn
    _lines: list[tuple[str, list[Point]]] = field(default_factory=list)
    _marks: list[tuple[float, str]] = field(default_factory=list)
    _moments: list[tuple[float, str]] = field(default_factory=list)

    def line(self, name: str, points: Sequence[Point]) -> None:
        """One line; what a logarithmic scale has no place for is left out."""
        kept = [p for p in points if (not self.log_x or p[0] > 0) and (not self.log_y or p[1] > 0)]
        self._lines.append((name, kept))

    def mark(self, y: float, name: str) -> None:
        """A horizontal line: a budget."""
        self._marks.append((y, name))

    def moment(self, x: float, name: str) -> None:
        """A vertical line: something began."""
        self._moments.append((x, name))

    def svg(self) -> str:
        points = [point for _, line in self._lines for point in line] or [(1.0, 1.0)]
        across = _Axis([x for x, _ in points], self.log_x, _LEFT, _WIDTH - _RIGHT)
        ys = [y for _, y in points] + [y for y, _ in self._marks]
        down = _Axis(ys if self.log_y else [*ys, 0.0], self.log_y, _HEIGHT - _BOTTOM, _TOP)
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
            f'aria-label="{escape(self.title)}"><style>{_STYLE}</style>',
            f"<title>{escape(self.title)}</title><desc>{escape(self._told())}</desc>",
            f'<text class="t" x="{_LEFT}" y="18">{escape(self.title)}</text>',
            *self._grid(across, down),
        ]
        for number, (_, line) in enumerate(self._lines):
            if line:
                path = self._path([(across.at(x), down.at(y)) for x, y in _thinned(line)])
                parts.append(f'<path d="{path}" stroke="{_COLOURS[number % len(_COLOURS)]}"/>')
        parts += [*self._legend(), "</svg>\n"]
        return "\n".join(parts)

    def _path(self, points: list[Point]) -> str:
        path, before = "", -math.inf
        for x, y in points:
            path += f"{'M' if x - before > self.gap or not path else 'L'}{x:.1f} {y:.1f}"
            before = x
        return path

    def _told(self) -> str:
        """The picture in words: where each line begins and ends, and its greatest value."""
        lines = [
            f"{name or 'the line'}: from {line[0][1]:.3g} to {line[-1][1]:.3g}, at most {max(y for _, y in line):.3g}"
            for name, line in self._lines
            if line
        ]
        return f"{self.y} against {self.x}. {'; '.join(lines)}."

    def _grid(self, across: _Axis, down: _Axis) -> list[str]:
        bottom, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
        parts = []
        for value in down.ticks():
            y = f"{down.at(value):.1f}"
            parts.append(f'<line class="g" x1="{_LEFT}" x2="{right}" y1="{y}" y2="{y}"/>')
            parts.append(f'<text x="{_LEFT - 6}" y="{y}" dy="4" text-anchor="end">{_said(value)}</text>')
        for value in across.ticks():
            x = f"{across.at(value):.1f}"
            parts.append(f'<line class="g" x1="{x}" x2="{x}" y1="{bottom}" y2="{bottom + 4}"/>')
            parts.append(f'<text x="{x}" y="{bottom + 18}" text-anchor="middle">{_said(value)}</text>')
        parts.append(f'<text x="{right}" y="{_HEIGHT - 8}" text-anchor="end">{escape(self.x)}</text>')
        parts.append(f'<text x="{_LEFT - 6}" y="{_TOP - 8}" text-anchor="end">{escape(self.y)}</text>')
        for value, name in self._marks:
            y = f"{down.at(value):.1f}"
            parts.append(f'<line class="m" x1="{_LEFT}" x2="{right}" y1="{y}" y2="{y}"/>')
            parts.append(f'<text x="{right}" y="{y}" dy="-4" text-anchor="end">{escape(name)}</text>')
        free = 0.0  # where the next name has room
        for value, name in self._moments:
            at, width = across.at(value), 8 + 6.6 * len(name)
            if at > right:
                break
            parts.append(f'<line class="g" x1="{at:.1f}" x2="{at:.1f}" y1="{_TOP}" y2="{bottom}"/>')
            if at >= free and at + width <= right:
                parts.append(f'<text x="{at:.1f}" y="{_TOP + 10}" dx="3">{escape(name)}</text>')
                free = at + width
        return parts

    def _legend(self) -> list[str]:
        if len(self._lines) < 2:
            return []
        parts, x = [], _LEFT
        for number, (name, _) in enumerate(self._lines):
            colour = _COLOURS[number % len(_COLOURS)]
            parts.append(f'<rect x="{x}" y="{_HEIGHT - 16}" width="10" height="10" fill="{colour}"/>')
            parts.append(f'<text x="{x + 14}" y="{_HEIGHT - 7}">{escape(name)}</text>')
            x += 26 + round(6.6 * len(name))
        return parts


class _Axis:
    """From values to places between two edges."""

    def __init__(self, values: Sequence[float], log: bool, start: float, end: float) -> None:
        self._log = log
        self._start, self._end = start, end
        low, high = min(values), max(values)
        if log:
            low, high = 10 ** math.floor(math.log10(low)), 10 ** math.ceil(math.log10(high))
        if low == high:
            high = low * 10 if log else low + 1
        self._low, self._high = low, high

    def at(self, value: float) -> float:
        if self._log:
            part = math.log(value / self._low) / math.log(self._high / self._low)
        else:
            part = (value - self._low) / (self._high - self._low)
        return self._start + part * (self._end - self._start)

    def ticks(self) -> list[float]:
        if self._log:
            first, last = round(math.log10(self._low)), round(math.log10(self._high))
            return [10.0**n for n in range(first, last + 1)]
        rough = (self._high - self._low) / 5
        unit = 10 ** math.floor(math.log10(rough))
        step = next(unit * n for n in (1, 2, 5, 10) if unit * n >= rough)
        first = math.ceil(self._low / step)
        return [step * n for n in range(first, math.floor(self._high / step) + 1)]


def _thinned(points: Sequence[Point]) -> list[Point]:
    """At most one point a pixel or so: of each handful the greatest, since peaks are what one looks for."""
    step = max(1, len(points) // 600)
    return [max(points[n : n + step], key=lambda point: point[1]) for n in range(0, len(points), step)]


def _said(value: float) -> str:
    for limit, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= limit:
            return f"{value / limit:g}{letter}"
    return f"{value:.6g}"
