"""A plot of an evaluation: what every threshold would mean, as SVG that needs nothing to be looked at."""

from collections.abc import Callable, Sequence
from html import escape

from moderation.training.evaluate import AtThreshold

_WIDTH, _HEIGHT, _MARGIN = 640, 400, 48
_CURVES: tuple[tuple[str, str, Callable[[AtThreshold], float]], ...] = (
    ("precision", "#2563eb", lambda row: row.precision),
    ("recall", "#16a34a", lambda row: row.recall),
    ("F1", "#9333ea", lambda row: row.f1),
    ("clean stopped", "#dc2626", lambda row: row.clean_stopped),
)


def plot(rows: Sequence[AtThreshold], shipped: float, title: str) -> str:
    """Precision, recall, F1 and the clean stopped at each threshold of `rows`, with `shipped` marked."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" font-family="sans-serif"'
        f' font-size="12"><title>{escape(title)}</title><rect width="100%" height="100%" fill="#fff"/>',
        *(_gridlines(step / 5) for step in range(6)),
        f'<path d="M{_x(shipped):.1f} {_y(0):.1f}V{_y(1):.1f}" stroke="#111" stroke-dasharray="4 4"/>',
        _text(_x(shipped) + 4, _y(1) - 6, f"stopped from {shipped:g} on"),
        *(_curve(rows, place, *curve) for place, curve in enumerate(_CURVES)),
        _text(_WIDTH / 2, _HEIGHT - 10, "threshold"),
        "</svg>\n",
    ]
    return "\n".join(parts)


def _curve(
    rows: Sequence[AtThreshold], place: int, name: str, colour: str, figure: Callable[[AtThreshold], float]
) -> str:
    points = " ".join(f"{_x(row.threshold):.1f},{_y(figure(row)):.1f}" for row in rows)
    line = f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'
    return line + _text(_MARGIN + 8 + 110 * place, 18, name, colour)


def _gridlines(value: float) -> str:
    x, y = _x(value), _y(value)
    lines = f'<path d="M{_x(0):.1f} {y:.1f}H{_x(1):.1f}M{x:.1f} {_y(0):.1f}V{_y(1):.1f}" stroke="#ddd"/>'
    return lines + _text(12, y + 4, f"{value:.1f}") + _text(x - 8, _HEIGHT - 28, f"{value:.1f}")


def _text(x: float, y: float, words: str, colour: str = "#111") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}">{escape(words)}</text>'


def _x(value: float) -> float:
    return _MARGIN + value * (_WIDTH - 2 * _MARGIN)


def _y(value: float) -> float:
    return _HEIGHT - _MARGIN - value * (_HEIGHT - 2 * _MARGIN)
