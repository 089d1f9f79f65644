"""The first manifest of an environment, in the format of ComfyDock 1.x with a schema version.

It is the same on every machine: which PyTorch back end is used, each of them keeps for itself.
"""

from typing import Protocol

import tomlkit
from tomlkit.items import Table

from comfydock_core.configs.defaults import MANIFEST_SCHEMA, PROJECT_PREFIX
from comfydock_core.managers.pyproject.pytorch import add_family, multiline
from comfydock_core.models.environments.creation import ComfyUISpec
from comfydock_core.validation.requirements import RequirementsFile

# `uv sync` by hand would install the builds of PyPI without what they need.
ADVICE = (
    "Installed by ComfyDock from uv.lock and backends/*/pylock.toml, which hold PyTorch for each kind of machine.",
    "`uv lock` may be run by hand here; `uv sync` and `uv run` would install another PyTorch.",
)


class Wanted(Protocol):
    """What a plan of a new environment says about its manifest."""

    @property
    def name(self) -> str: ...
    @property
    def python(self) -> str: ...
    @property
    def comfyui(self) -> ComfyUISpec: ...
    @property
    def default_repository(self) -> bool: ...


def fill_manifest(
    document: tomlkit.TOMLDocument,
    plan: Wanted,
    commit: str,
    requirements: RequirementsFile,
    exclude_newer: str | None = None,
) -> None:
    """Write everything a new environment's manifest says."""
    for line in ADVICE:
        document.add(tomlkit.comment(line))
    document["project"] = _project(plan, requirements)
    tool = tomlkit.table(is_super_table=True)
    tool["uv"] = _uv(exclude_newer)
    tool["comfydock"] = _comfydock(plan, commit)
    document["tool"] = tool


def _project(plan: Wanted, requirements: RequirementsFile) -> Table:
    project = tomlkit.table()
    project["name"] = f"{PROJECT_PREFIX}{plan.name}"
    project["version"] = "0.1.0"
    project["requires-python"] = closed_range(plan.python)
    project["dependencies"] = multiline([line.text for line in requirements.requirements])
    return project


def _uv(exclude_newer: str | None) -> Table:
    uv = tomlkit.table()
    if exclude_newer is not None:
        uv["exclude-newer"] = exclude_newer
    uv["package"] = False
    uv["default-groups"] = "all"
    return uv


def _comfydock(plan: Wanted, commit: str) -> Table:
    table = tomlkit.table()
    table["schema_version"] = MANIFEST_SCHEMA
    _pin(table, plan.comfyui, commit, plan.default_repository)
    table["python_version"] = plan.python
    add_family(table)
    return table


def pin_comfyui(document: tomlkit.TOMLDocument, version: ComfyUISpec, commit: str, *, default_repository: bool) -> None:
    """Write the version and its commit into a manifest that may have them already."""
    table = document["tool"]["comfydock"]
    assert isinstance(table, Table)
    _pin(table, version, commit, default_repository)


def _pin(table: Table, version: ComfyUISpec, commit: str, default_repository: bool) -> None:
    table["comfyui_version"] = commit if version.kind == "commit" else version.ref
    table["comfyui_version_type"] = version.kind
    table["comfyui_commit_sha"] = commit
    if not default_repository:
        table["comfyui_repository"] = version.public_repository
    else:
        table.pop("comfyui_repository", None)


def minor_version(python: str) -> str:
    """`3.11` of `3.11` and of `3.11.7`."""
    return ".".join(python.split(".")[:2])


def closed_range(python: str) -> str:
    """`>=3.11,<3.12` of `3.11.7`: one lock is for one minor version of the interpreter."""
    major, minor = minor_version(python).split(".")
    return f">={major}.{minor},<{major}.{int(minor) + 1}"
