"""Asking the indexes everything that uv would ask of a definition, so that its cache answers without a network."""

from comfydock_core.integrations.uv_command import UVCommand
from comfydock_core.managers.uv_project.locking import asked_for, lock_backend, lock_base
from comfydock_core.managers.uv_project.release import ask_family
from comfydock_core.managers.uv_project.scratch import question, scratch_project
from comfydock_core.models.protocols import Reporter
from comfydock_core.repositories.definition.manifest_reader import read_manifest
from comfydock_core.repositories.definition.pytorch_settings import family_of, release_of
from comfydock_core.repositories.definition.uv_lock import read_lock

_NOBODY = "comfydock-nothing"  # Lets uv resolve anew, with the versions that are locked.


def ask_ahead(uv: UVCommand, definition: str, backend: str, reporter: Reporter) -> set[str]:
    """Resolve the definition again, and ask what a new one is asked; the names of the packages that were met.

    The files of the definition may be others afterwards. Raises what locking raises.
    """
    lock_base(uv, definition, backend, reporter, (_NOBODY,))
    lock_backend(uv, definition, backend, reporter)
    manifest, names = read_manifest(f"{definition}/pyproject.toml"), set(read_lock(f"{definition}/uv.lock").versions())
    family = family_of(manifest)
    members = names & set(family)
    if backend != "none" and members:
        ask_family(uv, manifest, backend, sorted(asked_for(manifest) & members), (), reporter.line)
    pins = [f"{name}=={version}" for name, version in release_of(manifest, family).items()]
    if pins:
        with scratch_project(uv, question(manifest, pins, family)) as (scratch, directory):
            scratch.lock(reporter.line, doing="read what PyTorch requires")
            names.update(read_lock(f"{directory}/uv.lock").versions())
    return names
