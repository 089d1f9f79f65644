"""The chart of start times: one SVG file without scripts or fonts of its own, legible on light and dark pages."""

from collections.abc import Sequence
from html import escape

SERIES = {
    "source": ("source, installed", "#8b949e"),
    "nuitka": ("Nuitka", "#2da44e"),
    "release": ("release, installed", "#0969da"),
    "pyinstaller": ("PyInstaller", "#bf8700"),
}

_WIDTH = 860
_LEFT = 190
_RIGHT = 70
_TOP = 104
_BAR = 13
_GAP = 3
_GROUP = 16

_STYLE = """\
<style>
  text { font: 13px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; fill: #1f2328; }
  .title { font-size: 18px; font-weight: 600; }
  .soft { fill: #59636e; font-size: 12px; }
  .value { font-variant-numeric: tabular-nums; font-size: 11.5px; }
  .grid { stroke: #d1d9e0; stroke-width: 1; }
  .bare { stroke: #cf222e; stroke-width: 1.5; stroke-dasharray: 4 3; }
  .hint { fill: #cf222e; font-size: 12px; }
  .page { fill: #ffffff; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; } .soft { fill: #9198a1; } .grid { stroke: #3d444d; } .page { fill: #0d1117; }
    .bare { stroke: #ff7b72; } .hint { fill: #ff7b72; }
  }
</style>"""


def chart(rows: Sequence[dict[str, object]], subtitle: str) -> str:
    """Ratios to the bare interpreter as bars, grouped by case."""
    groups = _groups(rows)
    top = _ceiling(max((ratio for _, bars in groups for _, ratio in bars), default=1.0))
    height = _TOP + sum(_height(bars) for _, bars in groups) + 26
    scale = (_WIDTH - _LEFT - _RIGHT) / top
    body = [*_head(subtitle), *_grid(top, scale, height)]
    y = float(_TOP)
    for name, bars in groups:
        body += _group(name, bars, y, scale)
        y += _height(bars)
    body += _bare(scale, height)
    view = f'viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}"'
    opening = f'<svg xmlns="http://www.w3.org/2000/svg" {view} role="img" aria-label="Start times of ComfyDock">'
    page = f'<rect class="page" width="{_WIDTH}" height="{height}" rx="8"/>'
    return "\n".join([opening, _STYLE, page, *body, "</svg>"]) + "\n"


def _groups(rows: Sequence[dict[str, object]]) -> list[tuple[str, list[tuple[str, float]]]]:
    groups: dict[str, list[tuple[str, float]]] = {}
    for row in rows:
        if row["program"] in SERIES and "," not in str(row["case"]):
            groups.setdefault(str(row["case"]), []).append((str(row["program"]), float(str(row["ratio"]))))
    return list(groups.items())


def _ceiling(value: float) -> float:
    return float(int(value) + 1)


def _height(bars: list[tuple[str, float]]) -> int:
    return len(bars) * (_BAR + _GAP) + _GROUP


def _head(subtitle: str) -> list[str]:
    lines = [
        '<text class="title" x="24" y="34">Start time, as a ratio to the bare Python interpreter</text>',
        f'<text class="soft" x="24" y="54">{escape(subtitle)}</text>',
    ]
    x = 24
    for name, colour in SERIES.values():
        lines.append(f'<rect x="{x}" y="65" width="11" height="11" rx="2" fill="{colour}"/>')
        lines.append(f'<text class="soft" x="{x + 17}" y="75">{escape(name)}</text>')
        x += 34 + 7 * len(name)
    return lines


def _grid(top: float, scale: float, height: int) -> list[str]:
    step = 1 if top <= 10 else 5
    lines = []
    for number in range(0, int(top) + 1, step):
        x = _LEFT + number * scale
        lines.append(f'<line class="grid" x1="{x:.1f}" y1="{_TOP - 8}" x2="{x:.1f}" y2="{height - 22}"/>')
        lines.append(f'<text class="soft" x="{x:.1f}" y="{height - 8}" text-anchor="middle">{number}</text>')
    return lines


def _bare(scale: float, height: int) -> list[str]:
    x = _LEFT + scale
    return [
        f'<line class="bare" x1="{x:.1f}" y1="{_TOP - 8}" x2="{x:.1f}" y2="{height - 22}"/>',
        f'<text class="hint" x="{x + 5:.1f}" y="{_TOP - 10}">python -I -S -c pass</text>',
    ]


def _group(name: str, bars: list[tuple[str, float]], y: float, scale: float) -> list[str]:
    middle = y + (len(bars) * (_BAR + _GAP) - _GAP) / 2 + 4
    lines = [f'<text x="{_LEFT - 14}" y="{middle:.1f}" text-anchor="end">{escape(name)}</text>']
    for number, (program, ratio) in enumerate(bars):
        top, width = y + number * (_BAR + _GAP), ratio * scale
        label, colour = SERIES[program]
        lines.append(
            f'<rect x="{_LEFT}" y="{top:.1f}" width="{width:.1f}" height="{_BAR}" rx="2" fill="{colour}">'
            f"<title>{escape(name)}, {escape(label)}: {ratio:.2f}</title></rect>"
        )
        lines.append(f'<text class="value" x="{_LEFT + width + 6:.1f}" y="{top + 10.5:.1f}">{ratio:.2f}</text>')
    return lines
