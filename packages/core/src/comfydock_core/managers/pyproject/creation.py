"""The first manifest of an environment, in the format of ComfyDock 1.x with a schema version."""

import tomlkit
from tomlkit.items import Array, Table

from comfydock_core.configs.defaults import MANIFEST_SCHEMA, PROJECT_PREFIX
from comfydock_core.managers.pyproject.torch import configure_torch
from comfydock_core.models.creation import CreationPlan
from comfydock_core.utils.requirements import RequirementsFile


def fill_manifest(
    document: tomlkit.TOMLDocument, plan: CreationPlan, commit: str, requirements: RequirementsFile
) -> None:
    """Write everything a new environment's manifest says."""
    document["project"] = _project(plan, requirements)
    tool = tomlkit.table(is_super_table=True)
    tool["uv"] = _uv(plan, requirements)
    tool["comfydock"] = _comfydock(plan, commit)
    document["tool"] = tool


def _project(plan: CreationPlan, requirements: RequirementsFile) -> Table:
    project = tomlkit.table()
    project["name"] = f"{PROJECT_PREFIX}{plan.name}"
    project["version"] = "0.1.0"
    project["requires-python"] = f">={minor_version(plan.python)}"
    project["dependencies"] = _lines([line.text for line in requirements.requirements])
    return project


def _lines(values: list[str]) -> Array:
    """An array with one value on each line, so that two changes rarely meet in a merge."""
    array = tomlkit.array().multiline(True)
    array.extend(values)
    return array


def _uv(plan: CreationPlan, requirements: RequirementsFile) -> Table:
    uv = tomlkit.table()
    uv["package"] = False
    configure_torch(uv, plan.torch_backend, [line.name for line in requirements.requirements])
    return uv


def _comfydock(plan: CreationPlan, commit: str) -> Table:
    table = tomlkit.table()
    table["schema_version"] = MANIFEST_SCHEMA
    table["comfyui_version"] = commit if plan.comfyui.kind == "commit" else plan.comfyui.ref
    table["comfyui_version_type"] = plan.comfyui.kind
    table["comfyui_commit_sha"] = commit
    if not plan.default_repository:
        table["comfyui_repository"] = plan.comfyui.public_repository
    table["python_version"] = plan.python
    table["torch_backend"] = plan.torch_backend
    return table


def minor_version(python: str) -> str:
    """`3.11` of `3.11` and of `3.11.7`."""
    return ".".join(python.split(".")[:2])
