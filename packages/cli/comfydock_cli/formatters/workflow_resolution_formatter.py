"""What resolving a workflow decided and did, as text."""

import shlex
from collections.abc import Iterator, Sequence

from comfydock_cli.cli_utils import Result
from comfydock_cli.formatters.columns import aligned
from comfydock_cli.ui.console import clean
from comfydock_core.models.exceptions import ComfyDockError
from comfydock_core.models.model_files.model_list import ModelListEntry
from comfydock_core.models.workflow.candidates import BUILT_IN, ClassResolution
from comfydock_core.models.workflow.checks import ModelMatch
from comfydock_core.models.workflow.model_origin import FROM_INDEX, FROM_LIST, FROM_LOCK, FROM_MANIFEST, FROM_WORKFLOW
from comfydock_core.models.workflow.plans import WantedModel, WorkflowResolution
from comfydock_core.records import record
from comfydock_core.utils.text import counted, some

_REASONS = 4
_NO_LISTS = "no lists of node packs are here: `comfydock registry update` fetches them"


@record
class Fetched:
    """A model that was to be fetched to a place below the models directory, and why it was not."""

    to: str
    error: ComfyDockError | None = None

    def as_dict(self) -> dict[str, object]:
        failure = None if self.error is None else {"code": self.error.code, "message": self.error.message}
        return {"to": self.to, "error": failure}


_KNOWN_FROM = {
    FROM_LOCK: "noted in the lock",
    FROM_WORKFLOW: "named by the workflow",
    FROM_MANIFEST: "noted in the manifest",
    FROM_INDEX: "known by its digest",
    FROM_LIST: "listed by ComfyUI-Manager under this name",
}


def planned_resolution(plan: WorkflowResolution, fetch: Sequence[WantedModel], *, why: bool) -> Result:
    """What `--dry-run` prints."""
    lines = [f"{clean(plan.name)}: {state_words(plan)}\n", *_decided(plan, why=why)]
    if fetch:
        lines.append("to fetch:\n" + aligned([_wanted_row(one) for one in fetch]))
    lines += _left(plan)
    data = {**_data(plan), "fetch": [_wanted_data(one) for one in fetch], "writes": _writes(plan)}
    lines += [f"would write {path}\n" for path in _writes(plan)]
    return Result(data, "".join(lines), exit_code=0, note=_note(plan))


def resolved(plan: WorkflowResolution, fetched: Sequence[Fetched], *, why: bool) -> Result:
    """What is so now. Exit code 1 says that something is left to do."""
    lines = [f"{clean(plan.name)}: {state_words(plan)}\n", *_decided(plan, why=why)]
    for one in fetched:
        if one.error is None:
            lines.append(f"  fetched {clean(one.to)}\n")
        else:
            lines.append(f"  not fetched {clean(one.to)}: {clean(one.error.message)}\n")
    if plan.fetch:
        lines.append("to be fetched:\n" + aligned([_wanted_row(one) for one in plan.fetch]))
    lines += _left(plan)
    failed = any(one.error is not None for one in fetched)
    data = {**_data(plan), "fetched": [one.as_dict() for one in fetched]}
    return Result(data, "".join(lines), exit_code=0 if plan.is_complete and not failed else 1, note=_note(plan))


def _writes(plan: WorkflowResolution) -> list[str]:
    """The workflow and the manifest, as far as they are to be written."""
    return [*([plan.path] if plan.content is not None else []), *(["pyproject.toml"] if plan.notes else [])]


def _note(plan: WorkflowResolution) -> str:
    """What would help with what is left."""
    notes = [] if plan.lists or not plan.open else [_NO_LISTS]
    again = f"comfydock workflow resolve {shlex.quote(plan.name)}"
    if plan.add:
        notes.append(f"`{again} --install` adds node packs")
    if plan.fetch:
        notes.append(f"`{again} --models all` fetches models")
    if plan.unclear:
        value = shlex.quote(plan.unclear[0].reference.value)
        notes.append(f"`comfydock workflow model map {shlex.quote(plan.name)} {value} FILE` says which file is meant")
    return "\n".join(notes)


def state_words(plan: WorkflowResolution) -> str:
    """How much is left to do, in a few words."""
    if plan.is_complete:
        return "everything that it needs is here"
    counts = [
        (len(plan.add), "node pack", "to add"),
        (len(plan.fetch), "model", "to fetch"),
        (len(plan.open), "node class", "to decide about"),
        (len(plan.unclear), "model", "to decide about"),
        (len(plan.missing) + len(plan.elsewhere), "model", "missing"),
    ]
    return ", ".join(f"{_counted(number, what)} {words}" for number, what, words in counts if number)


def _counted(number: int, what: str) -> str:
    return counted(number, what) if what != "node class" else f"{number} node class{'' if number == 1 else 'es'}"


def _decided(plan: WorkflowResolution, *, why: bool) -> Iterator[str]:
    rows = []
    for pack in plan.classes.packs:
        classes = some(list(plan.classes.classes_of(pack.identifier)), 3)
        rows.append(
            [f"  {' ' if pack.installed else '+'} {pack.identifier}", "" if pack.installed else "to add", classes]
        )
    if rows:
        yield "node packs:\n" + aligned(rows)
    if plan.changes:
        yield "names written as they are here:\n"
        yield aligned([[f"  ~ {one.old}", f"-> {one.new}", one.reason] for one in plan.changes])
    if why:
        for found in plan.classes.classes:
            if found.decided_by != BUILT_IN:
                yield _why(found)


def _why(found: ClassResolution) -> str:
    head = f"why `{clean(found.type)}`: {found.decided_by}\n"
    rows = [
        [f"  {one.score:6.1f}", one.identifier, "; ".join(f"{each.words} ({each.weight:+.0f})" for each in one.reasons)]
        for one in found.candidates[:_REASONS]
    ]
    notes = "".join(f"  {clean(note)}\n" for note in found.notes)
    return head + aligned(rows) + notes


def _left(plan: WorkflowResolution) -> Iterator[str]:
    if plan.open:
        yield "not decided:\n" + aligned([[f"  ? {one.type}", _candidates(one, lists=plan.lists)] for one in plan.open])
        yield "  `comfydock workflow node map CLASS PACK` decides, with `--optional` for none\n"
    for title, matches in (
        ("missing, and no source is certain", plan.missing),
        ("several files may be meant", plan.unclear),
    ):
        if matches:
            yield f"{title}:\n" + aligned([[f"  ? {one.reference.value}", _place(one)] for one in matches])
    if plan.offered:
        yield "under the same name ComfyUI-Manager's list has, to be chosen by you:\n"
        yield aligned([_offered_row(value, one) for value, entries in plan.offered.items() for one in entries])
        yield "  `comfydock model download URL --to FOLDER` fetches one\n"
    if plan.elsewhere:
        yield "in a folder that the node does not read:\n"
        yield aligned(
            [
                [f"  ? {one.reference.value}", f"{one.candidates[0].folder}/{one.candidates[0].name}", _place(one)]
                for one in plan.elsewhere
            ]
        )


def _candidates(one: ClassResolution, *, lists: bool) -> str:
    if one.decided is not None and one.decided.refusal:
        return f"{one.decided.identifier} cannot be added: {one.decided.refusal}"
    if one.candidates:
        return some([each.identifier for each in one.candidates], 3)
    return "no known pack has it" if lists else "nothing here has it"


def _place(one: ModelMatch) -> str:
    folders = some(list(one.reference.folders), 2) if one.reference.folders else "folder not known"
    return f"{folders}, for {one.reference.type} {one.reference.node}"


def _data(plan: WorkflowResolution) -> dict[str, object]:
    return {
        "workflow": plan.name,
        "complete": plan.is_complete,
        "lists": plan.lists,
        **plan.classes.as_dict(),
        "add": [one.as_dict() for one in plan.add],
        "open": [one.type for one in plan.open],
        "changes": [{"places": list(one.places), "old": one.old, "new": one.new} for one in plan.changes],
        "to_fetch": [_wanted_data(one) for one in plan.fetch],
        "offered": {value: [one.as_dict() for one in entries] for value, entries in plan.offered.items()},
        "missing": [_reference(one) for one in plan.missing],
        "unclear": [_reference(one) for one in plan.unclear],
        "elsewhere": [_reference(one) for one in plan.elsewhere],
    }


def _wanted_row(one: WantedModel) -> list[str]:
    return [f"  + {one.to}", one.importance, one.urls[0], _KNOWN_FROM.get(one.known_from, one.known_from)]


def _offered_row(value: str, one: ModelListEntry) -> list[str]:
    return [f"  ? {value}", one.url, one.size, one.base]


def _wanted_data(one: WantedModel) -> dict[str, object]:
    return {
        "value": one.reference.value,
        "to": one.to,
        "urls": list(one.urls),
        "importance": one.importance,
        "sha256": one.sha256,
        "known_from": one.known_from,
    }


def _reference(one: ModelMatch) -> dict[str, object]:
    return {
        "value": one.reference.value,
        "node": one.reference.node,
        "type": one.reference.type,
        "input": one.reference.input,
        "folders": list(one.reference.folders),
        "candidates": [
            {"folder": each.folder, "name": each.name, "path": each.path, "reason": each.reason}
            for each in one.candidates
        ],
    }
