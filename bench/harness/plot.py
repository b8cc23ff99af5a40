"""A picture of the results: one panel a comparison, one bar a case."""

from dataclasses import dataclass
from html import escape

WIDTH, LEFT, BAR, GAP, HEAD = 760, 230, 18, 6, 34
LONGEST = WIDTH - LEFT - 90
OURS, PEER = "#1f6feb", "#8b949e"


@dataclass(frozen=True)
class Panel:
    """The median of one figure for each case of a comparison."""

    title: str
    unit: str
    bars: dict[str, float]


def svg(panels: list[Panel]) -> str:
    """All panels below one another."""
    body, top = [], 10
    for panel in panels:
        body += _panel(panel, top)
        top += _height(panel)
    size = f'viewBox="0 0 {WIDTH} {top}" font-family="sans-serif" font-size="12"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size}>',
        f'<rect width="{WIDTH}" height="{top}" fill="white"/>',
        *body,
        "</svg>\n",
    ]
    return "\n".join(lines)


def _height(panel: Panel) -> int:
    return HEAD + len(panel.bars) * (BAR + GAP) + 14


def _panel(panel: Panel, top: int) -> list[str]:
    most = max(panel.bars.values()) or 1.0
    title = f"{panel.title} ({panel.unit})"
    lines = [f'<text x="12" y="{top + 18}" font-size="14" font-weight="bold">{escape(title)}</text>']
    for place, (name, value) in enumerate(panel.bars.items()):
        y = top + HEAD + place * (BAR + GAP)
        length = max(1.0, value / most * LONGEST)
        color = OURS if name.startswith("ours") else PEER
        lines += [
            f'<text x="{LEFT - 8}" y="{y + 13}" text-anchor="end">{escape(name)}</text>',
            f'<rect x="{LEFT}" y="{y}" width="{length:.1f}" height="{BAR}" fill="{color}"/>',
            f'<text x="{LEFT + length + 6:.1f}" y="{y + 13}">{value:,.4g}</text>',
        ]
    return lines
