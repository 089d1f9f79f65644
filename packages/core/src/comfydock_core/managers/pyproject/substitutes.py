"""Packages that hold the same files: where one is taken for the others, nothing may bring those in addition."""

from collections.abc import Collection

import tomlkit

from comfydock_core.configs.defaults import SUBSTITUTES, TWINS
from comfydock_core.managers.pyproject.pytorch import multiline, uv_table
from comfydock_core.repositories.definition.pytorch_settings import substitutes_of, uv_settings
from comfydock_core.utils.package_names import requirement_name

_EXCLUDED = "exclude-dependencies"


def settle_substitutes(document: tomlkit.TOMLDocument) -> None:
    """Exclude what a package that is asked for stands in for, and no more than that.

    What the manifest asks for by name is never excluded, and exclusions of others stay.
    """
    manifest = document.unwrap()
    substitutes = {**SUBSTITUTES, **substitutes_of(manifest)}
    asked = _asked_for(manifest)
    wanted = [old for old, new in substitutes.items() if old != new and new in asked and old not in asked]
    entries = _excluded(manifest)
    kept = [entry for entry in entries if not (isinstance(entry, str) and entry in substitutes)]
    if [*kept, *wanted] == entries:
        return
    uv = uv_table(document)
    if kept or wanted:
        uv[_EXCLUDED] = multiline([*kept, *wanted])
    else:
        uv.pop(_EXCLUDED)


def leave_out(document: tomlkit.TOMLDocument, *, add: Collection[str] = (), drop: Collection[str] = ()) -> None:
    """Exclude some packages from whatever asks for them, and others no longer."""
    entries = _excluded(document.unwrap())
    kept = [entry for entry in entries if not (isinstance(entry, str) and requirement_name(entry) in drop)]
    wanted = [*kept, *(name for name in sorted(add) if name not in kept)]
    uv = uv_table(document)
    if wanted:
        uv[_EXCLUDED] = multiline(wanted)
    elif _EXCLUDED in uv:
        uv.pop(_EXCLUDED)


def left_out(manifest: dict[str, object]) -> set[str]:
    """The names of the packages that are excluded from whatever asks for them."""
    names = (requirement_name(entry) for entry in _excluded(manifest) if isinstance(entry, str))
    return {name for name in names if name is not None}


def asked_twins(manifest: dict[str, object]) -> list[set[str]]:
    """Which of each kind of packages that hold the same files the manifest asks for by name."""
    asked = _asked_for(manifest)
    return [asked & twins.keys() for twins in TWINS]


def reopen_choices(document: tomlkit.TOMLDocument, before: list[set[str]]) -> bool:
    """Forget which of such packages were left out where others are asked for than `before`. Whether any was."""
    now = asked_twins(document.unwrap())
    changed = {name for twins, old, new in zip(TWINS, before, now, strict=True) if old != new for name in twins}
    if not left_out(document.unwrap()) & changed:
        return False
    leave_out(document, drop=changed)
    return True


def _excluded(manifest: dict[str, object]) -> list[object]:
    """All entries, those that are about a single package, too."""
    entries = uv_settings(manifest).get(_EXCLUDED)
    return list(entries) if isinstance(entries, list) else []


def _asked_for(manifest: dict[str, object]) -> set[str]:
    """The names of all packages that the manifest asks for."""
    project, groups = manifest.get("project"), manifest.get("dependency-groups")
    texts = [project.get("dependencies") if isinstance(project, dict) else None]
    texts += list(groups.values()) if isinstance(groups, dict) else []
    lines = [line for lines in texts if isinstance(lines, list) for line in lines if isinstance(line, str)]
    return {name for name in map(requirement_name, lines) if name is not None}
