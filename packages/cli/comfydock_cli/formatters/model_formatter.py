"""Models in words."""

from collections.abc import Iterable, Sequence

from comfydock_cli.formatters.columns import aligned
from comfydock_cli.formatters.model_list import identifier, what
from comfydock_cli.formatters.registry_formatter import age_text
from comfydock_cli.ui.progress import amount
from comfydock_core.core.usecases.models.indexing import ModelSync
from comfydock_core.core.usecases.models.seen import ListedFile
from comfydock_core.core.usecases.models.showing import IndexState, ModelDetails
from comfydock_core.core.usecases.models.verifying import WHOLE, Verdict
from comfydock_core.models.model_files.grouping import one_name_each, wasted_bytes
from comfydock_core.models.model_files.index import IndexChange
from comfydock_core.models.model_files.location import ModelLocation
from comfydock_core.utils.text import counted

_SHOWN = 20
_UNKNOWN = "-"


def seen_text(seen: Sequence[ListedFile]) -> str:
    """A line a name: its folder, and the name as nodes of ComfyUI offer it; a link that leads nowhere is marked."""
    return aligned([(one.folder, one.name + ("" if one.path else "  (its link leads nowhere)")) for one in seen])


def duplicates_text(groups: Sequence[Sequence[ModelLocation]]) -> str:
    """A block for each content: what is wasted, then its files."""
    lines: list[str] = []
    for group in groups:
        files, wasted = len(one_name_each(group)), amount(wasted_bytes(group), "bytes")
        lines.append(
            f"{identifier(group[0])}  {amount(group[0].state.size, 'bytes')} in {files} files, {wasted} wasted"
        )
        lines += [f"  {one.full_path}" for one in group]
    return "".join(f"{line}\n" for line in lines)


def details_text(details: ModelDetails) -> str:
    """All about one model."""
    first = details.places[0]
    rows = [("size", f"{amount(first.state.size, 'bytes')} ({first.state.size} bytes)")]
    rows += [("kind", what(first))] if what(first) else []
    rows += [("folder", first.folder or _UNKNOWN)]
    rows += [("blake3", first.blake3 or "not read yet"), ("sha256", first.sha256 or "not read yet")]
    rows += [("file", one.full_path + (" (absent)" if one.absent else "")) for one in details.places]
    rows += [("source", f"{one.url} ({one.origin})") for one in details.sources]
    return f"{first.file_name}\n" + "".join(f"  {name:<7} {text}\n" for name, text in rows)


def state_text(state: IndexState, now: float) -> str:
    """The state of the index."""
    lines = [f"models directory  {state.directory}"]
    for root in state.roots:
        size = f"{counted(root.files, 'file')}, {amount(root.bytes, 'bytes')}, {root.hashed} with digests"
        if not root.present:
            lines.append(f"absent            {root.path} ({size} when it was seen last)")
        else:
            since = "" if root.scanned is None else f", looked at {age_text(max(0.0, now - root.scanned))} ago"
            lines.append(f"root              {root.path} ({size}{since})")
    if state.duplicates:
        lines.append(f"duplicates        {counted(state.duplicates, 'model')}, {amount(state.wasted, 'bytes')} wasted")
    return "".join(f"{line}\n" for line in lines)


def verdicts_text(verdicts: Sequence[Verdict]) -> str:
    """What is wrong, and what cannot be told, a line each; then how many are whole."""
    lines = [f"{one.verdict:<10}  {one.path}: {one.reason}" for one in verdicts if one.verdict != WHOLE]
    whole = [one for one in verdicts if one.verdict == WHOLE]
    lines += [f"{counted(len(whole), 'file')} whole" + (", by their digests" if whole and whole[0].deep else "")]
    return "".join(f"{line}\n" for line in lines)


def sync_text(sync: ModelSync) -> str:
    """What an update of the index changed."""
    lines: list[str] = []
    for change in sync.changes:
        lines += _change_lines(change)
    lines += [f"no longer looked at: {path}" for path in sync.forgotten]
    lines += [f"made digests of {counted(sync.hashed, 'file')}"] if sync.hashed else []
    return "".join(f"{line}\n" for line in lines)


def problems_of(sync: ModelSync) -> list[str]:
    """What could not be looked at or read."""
    said = [f"`{change.root}/{path}`: {problem}" for change in sync.changes if change.present
            for path, problem in change.problems]  # fmt: skip
    return said + [f"`{path}`: {problem}" for path, problem in sync.failed]


def _change_lines(change: IndexChange) -> list[str]:
    if not change.present:
        return [f"{change.root} is absent; what is known of it is kept"]
    lines = [f"{change.root}: {counted(change.files, 'model')}, {amount(change.bytes, 'bytes')}"]
    for sign, paths in (("+", change.added), ("~", change.changed), ("-", change.gone)):
        lines += _signed(sign, paths)
    return lines + _signed(">", [f"{old} to {new}" for old, new in change.moved])


def _signed(sign: str, paths: Iterable[str]) -> list[str]:
    named = list(paths)
    more = [f"  {sign} and {len(named) - _SHOWN} more"] if len(named) > _SHOWN else []
    return [f"  {sign} {path}" for path in named[:_SHOWN]] + more
