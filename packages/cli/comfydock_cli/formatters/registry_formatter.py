"""The lists of known node packs in words."""

from collections.abc import Mapping, Sequence

from comfydock_cli.ui.progress import amount
from comfydock_core.models.packs.node_data import DataState, SourceOutcome, SourceState
from comfydock_core.utils.text import counted

_AGES = ((86_400, "day"), (3600, "hour"), (60, "minute"))
_NAMES = {
    "node-data": "ComfyDock's node data",
    "manager-list": "ComfyUI-Manager's packs",
    "manager-map": "ComfyUI-Manager's classes",
    "manager-stats": "ComfyUI-Manager's stars",
    "manager-models": "ComfyUI-Manager's models",
}
_WIDTH = max(map(len, _NAMES.values()))


def state_text(state: DataState) -> str:
    """A line for each list, then what they hold together."""
    lines = [f"{_NAMES[source.name]:<{_WIDTH}}  {_source_text(source)}" for source in state.sources]
    if state.counts:
        lines.append(counts_text(state.counts))
    if state.age is not None:
        lines.append(f"checked {age_text(state.age)} ago{', which is a long time' if state.stale else ''}")
    return "".join(f"{line}\n" for line in lines)


def outcome_text(outcomes: Sequence[SourceOutcome], counts: Mapping[str, int]) -> str:
    """What became of each list, then what they hold together."""
    lines = [f"{_NAMES[one.name]:<{_WIDTH}}  {one.outcome}{_reason(one)}" for one in outcomes]
    return "".join(f"{line}\n" for line in [*lines, *([counts_text(counts)] if counts else [])])


def failure_note(failed: Sequence[SourceOutcome], total: int) -> str:
    """Which lists could not be fetched, and what stands in for them."""
    if not failed:
        return ""
    names = " and ".join(_NAMES[one.name] for one in failed)
    kept = "; the files fetched before stay in use" if any(one.size for one in failed) else ""
    return f"{len(failed)} of {total} lists could not be fetched: {names}{kept}"


def counts_text(counts: Mapping[str, int]) -> str:
    """How many packs and classes are known."""
    of_registry = f", {counts['registry']} of them in the registry" if counts["registry"] else ""
    refused = f"; {counts['refused']} cannot be added" if counts["refused"] else ""
    models = f"; {counted(counts['models'], 'model')} to download" if counts.get("models") else ""
    return f"{counted(counts['packs'], 'node pack')}{of_registry}, {counts['classes']} node classes{refused}{models}"


def age_text(seconds: float) -> str:
    """How long ago, in its largest unit."""
    for size, unit in _AGES:
        if seconds >= size:
            return counted(int(seconds // size), unit)
    return "less than a minute"


def _source_text(source: SourceState) -> str:
    if not source.present:
        return "not fetched"
    if source.problem is not None:
        return f"cannot be used: {source.problem}"
    version = f", version {source.version}" if source.version else ""
    skipped = f", {source.skipped} of its entries left out" if source.skipped else ""
    return f"{amount(source.size, 'bytes')}{version}{skipped}"


def _reason(outcome: SourceOutcome) -> str:
    return f": {outcome.error}" if outcome.error else ""
