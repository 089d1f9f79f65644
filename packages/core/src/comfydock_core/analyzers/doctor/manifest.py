"""The manifest of an environment: what is not of the type that commands take it for, though the file is TOML."""

from collections.abc import Callable, Iterator
from functools import partial

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.models.doctor import PROBLEM, Finding
from comfydock_core.models.exceptions import ManifestDamaged
from comfydock_core.models.manifest import CLASS_CHOICES, EnvironmentManifest, table
from comfydock_core.repositories.definition.manifest_reader import read_manifest
from comfydock_core.repositories.definition.tracked_packs import tracked_packs


def check_manifest(layout: EnvironmentLayout) -> Iterator[Finding]:
    """One finding for each part that is wrong. Raises `ManifestDamaged` when none can be read."""
    manifest = EnvironmentManifest(read_manifest(layout.manifest), layout.manifest)
    told: set[str] = set()
    for look in _looks(manifest):
        try:
            look()
        except ManifestDamaged as error:
            if error.message not in told:
                yield Finding(error.code, PROBLEM, error.message, layout.name, error.hint or "")
            told.add(error.message)


def _looks(manifest: EnvironmentManifest) -> Iterator[Callable[[], object]]:
    """What reads one part each, so that a wrong one hides no other."""
    path = manifest.path
    for name in ("project", "groups", "uv", "tool", "workflows", "python_version", "torch_backend", "comfyui_version",
                 "comfyui_version_type", "comfyui_commit", "comfyui_repository"):  # fmt: skip
        yield partial(getattr, manifest, name)
    yield partial(tracked_packs, manifest.values, path)
    yield lambda: table(manifest.tool, CLASS_CHOICES, path)
    yield from _looks_at_workflows(manifest)


def _looks_at_workflows(manifest: EnvironmentManifest) -> Iterator[Callable[[], object]]:
    try:
        entries = manifest.workflows
    except ManifestDamaged:
        return  # The look at all of them says so.
    for name, entry in entries.items():
        yield partial(table, entries, name, manifest.path)
        if isinstance(entry, dict):
            yield partial(table, entry, CLASS_CHOICES, manifest.path)
