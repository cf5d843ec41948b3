"""Plots as SVG, legible on a light and on a dark page."""

import math
from xml.sax.saxutils import escape

COLOURS = ("#2f7ed8", "#d9822b", "#2e9e5b", "#b656c8", "#8a8f98", "#c0392b")
_STYLE = """
text { font: 13px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600; font-size: 15px } .small { font-size: 11px; fill: #57606a }
.grid { stroke: #8b949e; stroke-opacity: .3 } .ours { font-weight: 600 }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .small { fill: #9da7b1 } }
"""


class _Canvas:
    def __init__(self, width):
        self.width, self.parts = width, []

    def text(self, x, y, text, anchor="start", style=""):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{style}">'
                          f"{escape(text)}</text>")

    def line(self, x1, y1, x2, y2, style='class="grid"'):
        self.parts.append(
            f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" {style}/>')

    def dot(self, x, y, colour, radius=4.5):
        self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="{colour}"/>')

    def legend(self, x, y, names):
        for name, colour in names:
            self.dot(x, y - 4, colour)
            self.text(x + 9, y, name)
            x += 24 + 7.5 * len(name)

    def document(self, height, title):
        return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {height:.0f}" '
                f'width="{self.width}" height="{height:.0f}" role="img">\n'
                f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n"
                + "\n".join(self.parts) + "\n</svg>\n")


def dots(title, unit, panels, series, emphasised=()):
    """A dot with its interval per row and series, on logarithmic axes below each other.

    panels: {heading: {row: {series: (low, median, high)}}}.
    """
    left, right, row_height, width = 340, 24, 24, 960
    canvas, y = _Canvas(width), 24
    everything = [v for rows in panels.values() for row in rows.values()
                  for triple in row.values() for v in triple]
    scale = _logarithmic(min(everything), max(everything), left, width - right)
    colours = dict(zip(series, COLOURS))
    canvas.text(10, y, title, style="title")
    canvas.legend(left, y + 24, colours.items())
    y += 52
    for heading, rows in panels.items():
        canvas.text(10, y, heading, style="ours")
        y += 14
        top, bottom = y, y + row_height * len(rows)
        for tick in _ticks(min(everything), max(everything)):
            canvas.line(scale(tick), top, scale(tick), bottom)
            canvas.text(scale(tick), bottom + 15, f"{tick:g}", "middle", "small")
        canvas.text(10, bottom + 15, unit, style="small")
        for name, row in rows.items():
            y += row_height
            canvas.text(10, y - 7, name, style="ours" if name in emphasised else "")
            for n, (key, (low, median, high)) in enumerate(row.items()):
                at = y - 11 + 3 * (n - (len(row) - 1) / 2)
                canvas.line(scale(low), at, scale(high), at,
                            f'stroke="{colours[key]}" stroke-width="2" stroke-opacity=".6"')
                canvas.dot(scale(median), at, colours[key])
        y = bottom + 42
    return canvas.document(y - 16, title)


def lines(title, unit, panels):
    """Small plots side by side, their logarithmic axis shared; panels: {x title: {series: {x: y}}}."""
    size, height, gap, left, top = 190, 190, 50, 80, 80
    canvas = _Canvas(left + len(panels) * (size + gap))
    canvas.text(10, 24, title, style="title")
    names = list(dict.fromkeys(name for series in panels.values() for name in series))
    colours = dict(zip(names, COLOURS))
    canvas.legend(14, 48, colours.items())
    canvas.text(10, top - 10, unit, style="small")
    everything = [y for series in panels.values() for points in series.values()
                  for y in points.values()]
    level = _logarithmic(min(everything), max(everything), top + height, top)
    for number, (heading, series) in enumerate(panels.items()):
        start = left + number * (size + gap)
        for value in _ticks(min(everything), max(everything)):
            canvas.line(start, level(value), start + size, level(value))
            if number == 0:
                canvas.text(start - 6, level(value) + 4, f"{value:,.0f}", "end", "small")
        places = list(next(iter(series.values())))
        at = {x: start + size * i / max(len(places) - 1, 1) for i, x in enumerate(places)}
        for x in places:
            canvas.text(at[x], top + height + 18, f"{x:,g}", "middle", "small")
        canvas.text(start + size / 2, top + height + 36, heading, "middle")
        for name, points in series.items():
            path = list(points.items())
            for (x1, y1), (x2, y2) in zip(path, path[1:]):
                canvas.line(at[x1], level(y1), at[x2], level(y2),
                            f'stroke="{colours[name]}" stroke-width="2"')
            for x, y in path:
                canvas.dot(at[x], level(y), colours[name], 3.5)
    return canvas.document(top + height + 50, title)


def _logarithmic(low, high, left, right):
    low, high = math.log(low * 0.9), math.log(high * 1.1)
    return lambda value: left + (right - left) * (math.log(value) - low) / (high - low)


def _ticks(low, high):
    for power in range(-2, 8):
        for digit in (1, 2, 5):
            tick = digit * 10 ** power
            if low * 0.9 <= tick <= high * 1.1:
                yield tick
