"""What a new branch or tag may be called."""

import re

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.integrations.git import queries
from comfydock_core.models.exceptions import ConflictError, RefExists, RefInvalid

_MEANS_ELSE = re.compile(r"v[0-9]+|HEAD|@|-.*|[0-9a-f]{40}(?:[0-9a-f]{24})?", re.ASCII)
_LONGEST = 200
_PLACES = {"branch": "refs/heads/", "tag": "refs/tags/"}


def refuse_taken_branch(layout: EnvironmentLayout, name: str, *, instead_of: str | None = None) -> None:
    """Raise `RefExists` or `RefInvalid` unless a branch can be called so, where that of another name goes for it."""
    _refuse_taken(layout, "branch", name, instead_of)


def refuse_taken_tag(layout: EnvironmentLayout, name: str) -> None:
    """Raise `RefExists` or `RefInvalid` unless a tag can be made that is called so."""
    _refuse_taken(layout, "tag", name)


def refuse_empty_message(message: str | None) -> None:
    """Raise `ConflictError` for a message that says nothing; `None` is none."""
    if message is not None and not message.strip():
        raise ConflictError(
            "the message is empty", hint="write what it is about, or leave `-m` out", context={"message": message}
        )


def _refuse_taken(layout: EnvironmentLayout, kind: str, name: str, instead_of: str | None = None) -> None:
    place = _PLACES[kind]
    full = f"{place}{name}"
    if len(name) > _LONGEST or not queries.is_reference_name(layout.definition, full):
        raise RefInvalid(
            f"`{name}` cannot be the name of a {kind}",
            hint="letters, digits, `-`, `_`, `.` and `/` between them can; no space, `~`, `^`, `:`, `?`, `*` or `[`",
            context={"ref": name},
        )
    if _MEANS_ELSE.fullmatch(name):
        raise RefExists(
            f"`{name}` means something else already: `v3` is the third commit, `HEAD` the last one",
            hint=f"choose another name for the {kind}, such as `release-{name.lstrip('-v@') or '1'}`",
            context={"ref": name},
        )
    commit = queries.ref_value(layout.definition, full)
    if commit is not None:
        raise RefExists(
            f"there is a {kind} `{name}` already, at {commit[:8]}",
            hint=f"`comfydock switch {name}` goes there"
            if kind == "branch"
            else f"`comfydock tag -d {name}` deletes it",
            context={"ref": name, "commit": commit},
        )
    known = {one.removeprefix(place) for one in queries.references_below(layout.definition, place)} - {instead_of}
    close = next((one for one in known if one.startswith(f"{name}/") or name.startswith(f"{one}/")), None)
    if close is not None:
        raise RefExists(
            f"there is a {kind} `{close}` already, and git cannot have `{name}` beside it",
            hint=f"choose another name, or rename `{close}` first" if kind == "branch" else "choose another name",
            context={"ref": name, "beside": close},
        )
