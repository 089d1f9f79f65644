"""Converting a definition of ComfyDock 1.x, in a directory that nobody else uses meanwhile."""

from collections.abc import Mapping

from comfydock_core.configs.defaults import TORCH_PACKAGES
from comfydock_core.integrations.uv_command import UVCommand
from comfydock_core.managers.pyproject.conversion import neutral_manifest
from comfydock_core.managers.pyproject.creation import ADVICE
from comfydock_core.managers.pyproject.pytorch import set_release
from comfydock_core.managers.pyproject.rewriting import rewritten
from comfydock_core.managers.uv_project.installed import lock_as_installed, pins_of_venv
from comfydock_core.managers.uv_project.locking import lock_backend, lock_base
from comfydock_core.managers.uv_project.origins import from_where
from comfydock_core.managers.uv_project.release import ask_accelerators
from comfydock_core.models.packages.conversion import Conversion
from comfydock_core.models.protocols import Reporter
from comfydock_core.repositories.definition.manifest_reader import read_manifest, read_manifest_text
from comfydock_core.repositories.definition.pyproject_document import PyprojectDocument
from comfydock_core.repositories.definition.pytorch_settings import (
    Table,
    family_of,
    is_neutral,
    named_backend,
    release_of,
)
from comfydock_core.repositories.definition.uv_lock import read_lock
from comfydock_core.utils import native
from comfydock_core.utils.files import atomic
from comfydock_core.utils.package_names import public_version
from comfydock_core.validation.requirements import newest_version


def convert(uv: UVCommand, definition: str, venv: str | None, fallback: str, reporter: Reporter) -> Conversion | None:
    """Make a definition of 1.x neutral, keeping the versions it has; `None` when it is neutral already.

    `venv` is the environment installed from it, if there is one: without a `uv.lock` its packages tell the versions.
    `fallback` is the back end to lock for when the files name none. The manifest, `uv.lock` and one part are written.
    Raises `RequirementsConflict`, `BackendNotFound`, `ManifestDamaged`, `LockDamaged`, what uv's failures mean.
    """
    path = f"{definition}/pyproject.toml"
    manifest, text = read_manifest(path), read_manifest_text(path)
    if is_neutral(manifest):
        return None
    locked = locked_family(definition, manifest)
    backend = named_backend(manifest) or backend_of_versions(locked) or fallback
    neutral, changes = neutral_manifest(manifest, _python_of(definition, manifest))
    atomic.write_text(path, rewritten(text if text.startswith("#") else _advice() + text, neutral))
    _pin_release(uv, path, neutral, locked, reporter)
    versions_from = _lock(uv, definition, venv, backend, reporter)
    lock_backend(uv, definition, backend, reporter)
    release = release_of(read_manifest(path), family_of(neutral))
    return Conversion(backend, release, versions_from, tuple(changes))


def older_backend(definition: str) -> str | None:
    """The back end that the files of a definition of 1.x name. Raises `ManifestDamaged`, `LockDamaged`."""
    manifest = read_manifest(f"{definition}/pyproject.toml")
    return named_backend(manifest) or backend_of_versions(locked_family(definition, manifest))


def locked_family(definition: str, manifest: Table) -> dict[str, str]:
    """The versions of the PyTorch family in the lock, with their local parts; empty without a lock."""
    if not native.is_file(f"{definition}/uv.lock"):
        return {}
    versions = read_lock(f"{definition}/uv.lock").versions()
    return {name: newest_version(versions[name]) for name in family_of(manifest) if versions.get(name)}


def backend_of_versions(versions: Mapping[str, str]) -> str | None:
    """The back end that a build of torch is for: its local version, `pypi` without one."""
    torch = versions.get("torch")
    return None if torch is None else torch.partition("+")[2] or "pypi"


def _pin_release(uv: UVCommand, path: str, manifest: Table, locked: Mapping[str, str], reporter: Reporter) -> None:
    """Keep the release that is locked or pinned, and leave its accelerators out."""
    family = family_of(manifest)
    pinned = release_of(manifest, family)
    release = {**{name: public_version(version) for name, version in locked.items()}, **pinned}
    ordered = {name: release[name] for name in family if name in release}
    if ordered:
        accelerators = ask_accelerators(uv, manifest, ordered, reporter.line)
        document = PyprojectDocument.load(path)
        set_release(document.document, ordered, accelerators.names, {})
        document.save()


def _lock(uv: UVCommand, definition: str, venv: str | None, backend: str, reporter: Reporter) -> str:
    """Lock with the versions that were there. Says where they came from."""
    if native.is_file(f"{definition}/uv.lock"):
        leaving = from_where(read_lock(f"{definition}/uv.lock"), TORCH_PACKAGES)
        lock_base(uv, definition, backend, reporter, asked=leaving)
        return "lock"
    installed = pins_of_venv(venv)
    if installed and lock_as_installed(uv, definition, backend, installed, reporter):
        reporter.warn("there was no `uv.lock`: it was made from the packages that are installed")
        return "installed"
    reporter.warn("there was no `uv.lock`: it was made from what the package indexes have now")
    lock_base(uv, definition, backend, reporter)
    return "index"


def _advice() -> str:
    return "".join(f"# {line}\n" for line in ADVICE) + "\n"


def _python_of(definition: str, manifest: Table) -> str | None:
    """The Python version of the environment: what its directory says, else the manifest."""
    content = native.read_bytes(f"{definition}/.python-version")
    if content is not None:
        return content.decode("utf-8", "replace").strip() or None
    tool = manifest.get("tool")
    settings = tool.get("comfydock") if isinstance(tool, dict) else None
    version = settings.get("python_version") if isinstance(settings, dict) else None
    return version if isinstance(version, str) else None
