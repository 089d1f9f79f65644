"""What caches take, what nothing needs of them, and what was removed."""

from dataclasses import asdict

from comfydock_cli.cli_utils import Result
from comfydock_cli.formatters.columns import aligned
from comfydock_cli.formatters.plan_formatter import planned
from comfydock_cli.ui.console import clean
from comfydock_core.models.caches import (
    ANSWERS,
    BISECTIONS,
    LEFTOVERS,
    MIRRORS,
    PACKS,
    SCRATCH,
    CacheEntry,
    CachePruning,
    CacheSize,
    Doubt,
    PrunedCaches,
)
from comfydock_core.models.plan import PlanStep
from comfydock_core.utils.text import size_text

_WHAT = {
    PACKS: "releases of node packs",
    MIRRORS: "mirrors of git repositories",
    "server-answers": "answers of servers, for times without a network",
    ANSWERS: "what was resolved and read of code",
    "node-lists": "lists of known node packs",
    "model-index": "what is known of model files",
    "downloads": "the list of unfinished downloads",
    BISECTIONS: "environments that bisections try in",
    SCRATCH: "where bundles are packed and unpacked",
    "others": "anything else in `comfydock_cache`",
    "uv": "Python packages",
}
_ONE = {
    PACKS: "node pack",
    MIRRORS: "mirror",
    ANSWERS: "outdated answer",
    LEFTOVERS: "leftover",
    BISECTIONS: "leftover of a bisection",
    SCRATCH: "leftover of a bundle",
}
_NOTHING = "nothing to remove"
_DOUBTS_SHOWN = 5


def sizes(caches: list[CacheSize]) -> Result:
    """A line a cache, and their sum."""
    total = sum(one.size for one in caches)
    rows = [(one.name, size_text(one.size), _alone(one), _WHAT[one.name]) for one in caches]
    data = {"caches": [asdict(one) for one in caches], "size": total}
    note = "`comfydock cache prune --dry-run` shows what nothing needs"
    return Result(data, aligned([*rows, ("total", size_text(total), "", "")], breaks=3), note=note)


def _alone(cache: CacheSize) -> str:
    """What removing it would free, where that is something else."""
    return "" if cache.frees == cache.size else f"{size_text(cache.frees)} only here"


def planned_pruning(plan: CachePruning, *, with_uv: bool) -> Result:
    """What would be removed; what uv would, only uv knows."""
    lines = [PlanStep("remove", f"{_ONE[one.kind]} {_name(one)}", size_text(one.size)) for one in plan.entries]
    if with_uv:
        lines.append(PlanStep("prune", "uv's cache", "uv decides what goes"))
    result = planned(lines, **_facts(plan.entries, plan.doubts), frees=plan.frees, newer=plan.newer)
    result.text = (
        f"{result.text}would free {size_text(plan.frees)}\n" if plan.entries else result.text or f"{_NOTHING}\n"
    )
    result.note = _note(plan)
    return result


def pruning_lines(plan: CachePruning) -> str:
    """What is to go, and what stays because it cannot be told."""
    lines = [f"- {_ONE[one.kind]} {_name(one)} ({size_text(one.size)})" for one in plan.entries]
    return "\n".join([*lines, *_doubts(plan.doubts)])


def pruning_question(plan: CachePruning, *, with_uv: bool) -> str:
    """What is asked before anything goes."""
    if not plan.entries:
        return "let uv prune its cache?"
    uv = ", and let uv prune its cache" if with_uv else ""
    return f"remove {_counted(len(plan.entries))} ({size_text(plan.frees)}) for good{uv}?"


def nothing_pruned(plan: CachePruning, text: str = _NOTHING) -> Result:
    """Nothing went."""
    data = {**_facts((), plan.doubts), "freed": 0, "stayed": [], "freed_by_uv": None}
    return Result(data, f"{text}\n", note=_note(plan))


def pruned(done: PrunedCaches, by_uv: int | None) -> Result:
    """What went, and what stayed after all."""
    stayed = [{"path": path, "reason": reason} for path, reason in done.stayed]
    data = {**_facts(done.entries, done.doubts), "freed": done.freed, "stayed": stayed, "freed_by_uv": by_uv}
    lines = [f"removed {_counted(len(done.entries))}: {size_text(done.freed)} freed"] if done.entries else []
    lines += [f"  kept: {clean(path)}: {clean(reason)}" for path, reason in done.stayed]
    if by_uv is not None:
        lines.append(f"uv pruned its cache: {size_text(by_uv)} freed")
    return Result(data, "".join(f"{line}\n" for line in lines), note="\n".join(_doubts(done.doubts)))


def _facts(entries: tuple[CacheEntry, ...], doubts: tuple[Doubt, ...]) -> dict[str, object]:
    return {
        "entries": [{"kind": one.kind, "name": one.key, "path": one.path, "size": one.size} for one in entries],
        "doubts": [asdict(one) for one in doubts],
    }


def _name(entry: CacheEntry) -> str:
    """Digests are shortened; `--json` has them in full."""
    head, dash, tail = entry.key.rpartition("-")
    return clean(f"{head}{dash}{tail[:10]}" if entry.kind == PACKS else entry.key)


def _counted(number: int) -> str:
    return f"{number} {'entry' if number == 1 else 'entries'}"


def _note(plan: CachePruning) -> str:
    newer = [f"kept because of `--older-than`: {_counted(plan.newer)}"] if plan.newer else []
    return "\n".join([*newer, *_doubts(plan.doubts)])


def _doubts(doubts: tuple[Doubt, ...]) -> list[str]:
    """Why everything of some kinds stays."""
    lines = [f"all {one.stays} are kept: {clean(_reason(one))}" for one in doubts[:_DOUBTS_SHOWN]]
    more = len(doubts) - len(lines)
    return [*lines, *([f"and {more} more such reasons; `--json` has them all"] if more else [])]


def _reason(doubt: Doubt) -> str:
    """With the place, which the errors of some files name themselves."""
    return doubt.reason if doubt.place in doubt.reason else f"{doubt.place}: {doubt.reason}"
