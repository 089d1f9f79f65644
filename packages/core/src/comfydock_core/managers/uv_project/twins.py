"""Packages that hold the same files under names of their own: one of them is locked, the others are left out."""

import itertools
from collections.abc import Collection, Iterable

from comfydock_core.configs.defaults import TWINS
from comfydock_core.integrations.uv_command import UVCommand
from comfydock_core.managers.pyproject.substitutes import leave_out, left_out
from comfydock_core.models.protocols import Reporter
from comfydock_core.repositories.definition.manifest_reader import read_manifest
from comfydock_core.repositories.definition.pyproject_document import PyprojectDocument
from comfydock_core.repositories.definition.uv_lock import UvLock
from comfydock_core.utils.package_names import requirement_name
from comfydock_core.validation.requirements import may_meet


def settle_twins(uv: UVCommand, definition: str, lock: UvLock, backend: str, reporter: Reporter) -> bool:
    """Choose one where a lock has several that one machine would install. Whether the manifest was changed.

    A choice that was made stays, because all machines share it, until what it was made for is in no lock any more.
    Raises `LockOutdated`, `ManifestDamaged`, `OSError`.
    """
    present = lock.versions().keys()
    manifest = read_manifest(f"{definition}/pyproject.toml")
    excluded = left_out(manifest)
    gone: set[str] = set()
    more: set[str] = set()
    for twins in TWINS:
        here = [name for name in twins if name in present]
        if not here and (left := excluded & twins.keys()):
            gone |= left
        if len(here) > 1 and (meeting := _on_one_machine(uv, here)):
            chosen = fitting(twins, meeting, backend)
            others = [name for name in meeting if name != chosen]
            more.update(others)
            told = " and ".join(others)
            reporter.warn(f"{told} is left out: {chosen}, which is taken for {backend}, holds the same files")
    if not gone and not more:
        return False
    document = PyprojectDocument.load(f"{definition}/pyproject.toml")
    leave_out(document.document, add=more, drop=gone)
    document.save()
    return True


def fitting(twins: dict[str, str], names: Collection[str], backend: str) -> str:
    """The best of some twins for a back end: the first that is made for it or for all, else the first."""
    ordered = [name for name in twins if name in names]
    return next((name for name in ordered if backend.startswith(twins[name])), ordered[0])


def _on_one_machine(uv: UVCommand, names: Iterable[str]) -> list[str]:
    """Those of some packages that are installed together anywhere; packs often name one for each system."""
    markers: dict[str, list[str]] = {name: [] for name in names}
    for line in uv.export_pins(()).splitlines():
        name = requirement_name(line)
        if name in markers:
            markers[name].append(line.partition(";")[2].strip())
    meeting = {name for pair in itertools.combinations(markers, 2)
               if any(may_meet(one, other) for one in markers[pair[0]] for other in markers[pair[1]])
               for name in pair}  # fmt: skip
    return [name for name in markers if name in meeting]
