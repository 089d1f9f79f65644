"""Hearing everything in which environments refer to models, at a time at which none of them is being changed."""

import os

from comfydock_core.analyzers.model_files.mentions import Called, Mentions
from comfydock_core.analyzers.model_references import environment_places, hear_references
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.models.exceptions import ChangedMeanwhile, EnvironmentChanging, ReferencesUnreadable
from comfydock_core.models.protocols import Reporter
from comfydock_core.repositories.model_index.model_index import ModelIndex, open_model_index
from comfydock_core.repositories.operation_marks import is_being_swapped, read_mark
from comfydock_core.utils.files import file_locks


def hear_all(layout: WorkspaceLayout, index: ModelIndex, mentions: Mentions, reporter: Reporter) -> None:
    """Let `mentions` hear every text.

    Raises `EnvironmentChanging`, and `ReferencesUnreadable`, also where there is no environment at all; `OSError`.
    """
    _hear_choices(index, mentions)
    scopes = referring_scopes(layout)
    if len(scopes) == 1:
        raise ReferencesUnreadable(
            f"there is no environment in `{layout.environments}`, so that nothing could refer to a model",
            hint="`comfydock model delete MODEL` deletes single files; `comfydock create NAME` makes an environment",
            context={"path": layout.environments},
        )
    before = [_mark(scope) for scope in scopes]
    hear_references(layout, mentions, reporter)
    for scope, mark in zip(scopes, before, strict=True):
        if _mark(scope) != mark:
            raise _changing(scope)


def refuse_mentioned(layout: WorkspaceLayout, called: Called, reporter: Reporter) -> None:
    """Raise `ChangedMeanwhile` when something refers by now to what is `called` so; the caller holds environments."""
    mentions = Mentions(called)
    with open_model_index(layout.model_index) as index:
        _hear_choices(index, mentions)
    hear_references(layout, mentions, reporter)
    for said, where in mentions.found.items():
        raise ChangedMeanwhile(
            f"`{said}` is mentioned in {where} by now, so that it was not taken away",
            hint="run the command again: it plans from what is there now",
            context={"mentioned": said, "where": where},
        )


def referring_scopes(layout: WorkspaceLayout) -> list[str]:
    """Whose operations may change what environments refer to: all environments together, and each."""
    places = [place for place in environment_places(layout) if os.path.isdir(f"{place}/.cec")]
    return [layout.environments, *places]


def _hear_choices(index: ModelIndex, mentions: Mentions) -> None:
    for name, value in index.choices().items():
        mentions.hear(f"{name}\n{value}".encode("utf-8", "surrogateescape"), "what was chosen for models")


def _mark(scope: str) -> object:
    """Where the operations of a scope stand. Raises `EnvironmentChanging` when one is under way."""
    mark = read_mark(scope)
    if is_being_swapped(mark) or not file_locks.is_free(f"{scope}/.ops/lock"):
        raise _changing(scope)
    return mark


def _changing(scope: str) -> EnvironmentChanging:
    return EnvironmentChanging(
        f"`{scope}` is being changed, so that it cannot be told what it refers to",
        hint="run the command again when that is done; `comfydock operation resume` finishes what was interrupted",
        context={"path": scope},
    )
