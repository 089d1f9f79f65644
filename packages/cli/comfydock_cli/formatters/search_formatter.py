"""Found node packs in words: a line for each, and under it what it is."""

from collections.abc import Sequence

from comfydock_cli.ui.fitting import cut
from comfydock_core.models.packs.node_data import REFUSALS, PackHit
from comfydock_core.utils.text import some

_MOST_CLASSES = 3


def hits_text(hits: Sequence[PackHit], width: int | None) -> str:
    """Every pack with a mark when it is installed, its name and stars, and its description, cut to the width."""
    return "".join(f"{line}\n" for hit in hits for line in _lines(hit, width))


def _lines(hit: PackHit, width: int | None) -> list[str]:
    pack = hit.pack
    name = f"  {pack.name}" if pack.name.lower() != pack.identifier.lower() else ""
    stars = f"  ({pack.stars} stars)" if pack.stars else ""
    lines = [f"{'*' if hit.installed else ' '} {pack.identifier}{name}{stars}"]
    if pack.refusal is not None:
        lines.append(f"    cannot be added: {REFUSALS[pack.refusal]}")
    if hit.classes:
        lines.append(_fitting(f"    has {some(hit.classes, _MOST_CLASSES)}", width))
    if pack.description:
        lines.append(_fitting(f"    {pack.description}", width))
    return lines


def _fitting(line: str, width: int | None) -> str:
    return line if width is None else cut(line, width)
