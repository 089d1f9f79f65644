"""`ExportImportManager`: one environment as members of a bundle, and the members of one as an environment."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import IO

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.integrations.git import carrying, submodules
from comfydock_core.models.environments.template import Template
from comfydock_core.models.exceptions import ExportRefused, TemplateDamaged
from comfydock_core.models.protocols import ExportCallbacks, Reporter
from comfydock_core.models.shared import NodePackage
from comfydock_core.models.sharing import (
    BUNDLE_MANIFEST,
    DEVELOPMENT,
    HISTORY,
    PACKS,
    SIGNATURE,
    WHEELS,
    BundleSource,
    ExportedBundle,
    ExportPlan,
    MemberDigest,
)
from comfydock_core.repositories.bundles.reading import MOST_BYTES
from comfydock_core.repositories.bundles.writing import Written, write_bundle
from comfydock_core.repositories.definition.template_reader import is_of_definition
from comfydock_core.repositories.definition.tracked_packs import tracked_packs
from comfydock_core.repositories.history.definition_files import CommittedFiles
from comfydock_core.services.pack_sources import PackSources
from comfydock_core.utils.faults import fault
from comfydock_core.utils.file_names import stands_for_git
from comfydock_core.utils.files.atomic import sync_directory
from comfydock_core.utils.files.nameless import new_file
from comfydock_core.utils.text import size_text

_WORKFLOWS = "workflows/"
_GIT_PACK = ".bundle"
_CARRIED_REFERENCE = "refs/heads/carried"
_OURS = (".gitignore", ".gitattributes")  # Every definition gets them anew.
_GZIP = b"\x1f\x8b"
_LEFT_OUT_OF_PACKS = "__pycache__"


@dataclass(slots=True)
class Collected:
    """The members of a bundle to be, and the files that bundles do not carry, each with the reason."""

    members: list[BundleSource]
    left_out: list[tuple[str, str]]
    files: Mapping[str, bytes]


class ExportImportManager:
    """Reads an environment to write a bundle of it, or builds one under construction from what a bundle holds."""

    def __init__(self, layout: EnvironmentLayout) -> None:
        self._layout = layout

    def collect(self, commit: str, packs: Mapping[str, NodePackage]) -> Collected:
        """The definition as it was committed, and the development packs as they lie there.

        Raises `HistoryDamaged`, `GitFailed`, `ExportRefused` when it is larger than definitions may be, `OSError`.
        """
        committed = CommittedFiles(self._layout.definition, commit)
        names = sorted(name for name in committed.identities if is_of_definition(name) and _is_text(name))
        files = committed.read(names)
        found = Collected([], [], files)
        found.members += [_of_content(name, content) for name, content in files.items()]
        found.left_out += [
            (name, "bundles have no such file; the history has it")
            for name in sorted(committed.identities.keys() - files.keys())
            if name not in _OURS and not name.startswith(DEVELOPMENT)
        ]
        for pack in packs.values():
            if pack.is_development:
                self._collect_own_pack(pack, found)
        size = sum(member.digest.size for member in found.members)
        if size > MOST_BYTES:
            raise ExportRefused(
                f"`{self._layout.name}` and its development packs take {size_text(size)}; a bundle may hold"
                f" {size_text(MOST_BYTES)} of them",
                hint="keep what is large out of the directories of development packs",
                context={"environment": self._layout.name, "size": size},
            )
        return found

    def _collect_own_pack(self, pack: NodePackage, found: Collected) -> None:
        """Its files as 1.x carries them, but for its repository: settings in it name programs to run."""
        directory = os.path.realpath(f"{self._layout.custom_nodes}/{pack.directory}")
        prefix = f"{DEVELOPMENT}{pack.identifier}"
        if not os.path.isdir(directory):
            found.left_out.append((prefix, "the node pack is not there"))
            return
        if "/" in pack.identifier or not _is_text(pack.identifier):
            found.left_out.append((prefix, "bundles have no directory of that name"))
            return
        for name, path in _files_below(directory):
            member = f"{prefix}/{name}"
            if os.path.islink(path) or not os.path.isfile(path):
                found.left_out.append((member, "a link" if os.path.islink(path) else "no file"))
            elif not _is_text(name):
                found.left_out.append((member, "its name is not UTF-8"))
            else:
                found.members.append(_of_path(member, path))

    def add_history(self, commit: str, branch: str | None, scratch: str, found: Collected) -> None:
        """The history up to a commit, with its tags. Raises `GitFailed`, `OSError`."""
        place = f"{scratch}/history"
        references = carrying.tags_within(self._layout.definition, commit)
        references[f"refs/heads/{branch}" if branch else "HEAD"] = commit
        carrying.write_history(self._layout.definition, references, place)
        found.members.append(_of_path(HISTORY, place))

    def add_packs(
        self, packs: Mapping[str, NodePackage], sources: PackSources, scratch: str, found: Collected, reporter: Reporter
    ) -> set[str]:
        """The code of every node pack that can be fetched; the identifiers of those.

        Raises what `PackSources.obtain` raises, `OSError`.
        """
        carried = set()
        for number, pack in enumerate(packs.values()):
            if pack.is_development or not pack.release.version:
                continue
            content = sources.obtain(pack.release, reporter)
            carried.add(pack.identifier)
            prefix = f"{PACKS}{pack.release.name}"
            if pack.release.source == "git":
                place = f"{scratch}/pack-{number}"
                carrying.write_history(content.directory, {_CARRIED_REFERENCE: content.release.version}, place)
                found.members.append(_of_path(f"{prefix}{_GIT_PACK}", place))
                if any(submodules.read(content.directory)):
                    found.left_out.append((prefix, "its submodules are fetched from where they lie"))
                continue
            for name, path in _files_below(content.directory):
                if os.path.islink(path) or not _is_text(name):
                    found.left_out.append((f"{prefix}/{name}", "a link" if os.path.islink(path) else "no UTF-8 name"))
                else:
                    found.members.append(_of_path(f"{prefix}/{name}", path))
        return carried

    def write(
        self,
        plan: ExportPlan,
        signature: bytes | None,
        callbacks: ExportCallbacks,
        stream: IO[bytes] | None = None,
    ) -> ExportedBundle:
        """Write the planned bundle to where it belongs, whole or not at all, or into a stream.

        Raises `ExportRefused` when another file has the name, `ChangedMeanwhile`, `OSError`.
        """
        members = [*plan.members, _of_content(BUNDLE_MANIFEST, plan.manifest_content)]
        if signature is not None:
            members.append(_of_content(SIGNATURE, signature))
        total = len(members)

        def heard(path: str, number: int) -> None:
            callbacks.on_member(path, number, total)

        if plan.target is None:
            assert stream is not None
            written = write_bundle(stream, members, heard)
            stream.flush()
        else:
            written = _written_aside(plan.target, members, heard)
        return ExportedBundle(plan.target, written.size, written.sha256, total)

    def write_definition(self, template: Template) -> None:
        """Write the files of a definition to where it is being made. Raises `OSError`."""
        for name, content in {**template.kept, **template.files}.items():
            _write(f"{self._layout.definition}/{name}", content, executable=name in template.executables)
        _write(self._layout.manifest, template.manifest_text.encode())

    def place(self, template: Template, sources: PackSources, reporter: Reporter) -> None:
        """Put workflows, development packs and carried packs where ComfyUI has them.

        Packs from git become known to the cache, where the next who asks finds them. Raises `TemplateDamaged`,
        `ManifestDamaged`, `OSError`.
        """
        for name, content in template.files.items():
            if name.startswith(_WORKFLOWS):
                self._write_inside(f"{self._layout.comfyui}/user/default/{name}", content)
        names = directory_names(template)
        for name, content in template.development.items():
            identifier, _, rest = name.partition("/")
            path = f"{self._layout.custom_nodes}/{names.get(identifier, identifier)}/{rest}"
            self._write_inside(path, content, executable=f"{DEVELOPMENT}{name}" in template.executables)
        for pack in carried_packs(template).values():
            self._place_carried(pack, template, sources, reporter)

    def _place_carried(self, pack: NodePackage, template: Template, sources: PackSources, reporter: Reporter) -> None:
        whole = template.carried.get(f"{PACKS}{pack.release.name}{_GIT_PACK}")
        if whole is not None and pack.release.source == "git":
            sources.take_in(pack.release, whole, reporter)
            return
        prefix = f"{PACKS}{pack.release.name}/"
        place = f"{self._layout.custom_nodes}/{pack.directory}"
        for name, path in template.carried.items():
            if path is not None and name.startswith(prefix):
                target = f"{place}/{name.removeprefix(prefix)}"
                self._refuse_outside(target)
                os.makedirs(os.path.dirname(target), exist_ok=True)
                shutil.move(path, target)
                os.chmod(target, 0o755 if name in template.executables else 0o644)
        sources.note_release(pack.release, place)

    def _write_inside(self, path: str, content: bytes, *, executable: bool = False) -> None:
        self._refuse_outside(path)
        _write(path, content, executable=executable)

    def _refuse_outside(self, path: str) -> None:
        """Raise `TemplateDamaged` where a link in ComfyUI's repository leads out of the environment."""
        root = os.path.realpath(self._layout.root)
        if not os.path.realpath(path).startswith(f"{root}{os.sep}"):
            raise TemplateDamaged(
                f"`{os.path.relpath(path, self._layout.root)}` leads out of the environment",
                hint="the repository of ComfyUI that the definition names has a link there; do not trust it",
                context={"path": path},
            )


def directory_names(template: Template) -> dict[str, str]:
    """The directory of each pack in the manifest. Raises `ManifestDamaged`."""
    packs = tracked_packs(dict(template.manifest), template.path)
    return {identifier: pack.directory for identifier, pack in packs.items()}


def carried_packs(template: Template) -> dict[str, NodePackage]:
    """The packs of the manifest whose code the bundle carries, by directory. Raises `ManifestDamaged`."""
    names = {path.removeprefix(PACKS) for path in template.carried if path.startswith(PACKS)}
    tops = {name.partition("/")[0] for name in names if "/" in name}
    found = {}
    for pack in tracked_packs(dict(template.manifest), template.path).values():
        is_whole = pack.release.source == "git" and f"{pack.release.name}{_GIT_PACK}" in names
        is_here = pack.release.source == "registry" and pack.release.name in tops
        if is_whole or is_here:
            found[pack.release.name] = pack
    return found


def carried_wheels(template: Template) -> dict[str, str]:
    """Where the wheels that the bundle carries are, by the names of their files."""
    return {
        name.removeprefix(WHEELS): path
        for name, path in template.carried.items()
        if name.startswith(WHEELS) and path is not None
    }


def unused_members(template: Template) -> tuple[str, ...]:
    """Carried members that nothing of the manifest asks for; of packs their directories. Raises `ManifestDamaged`."""
    used = carried_packs(template)
    tops = {path.removeprefix(PACKS).partition("/")[0] for path in template.carried if path.startswith(PACKS)}
    unused = {f"{PACKS}{top}" for top in tops if top.removesuffix(_GIT_PACK) not in used and top not in used}
    if template.history is None and HISTORY in template.carried:
        unused.add(HISTORY)
    return tuple(sorted(unused))


def refuse_other_file(path: str) -> None:
    """Raise `ExportRefused` when something else than a bundle has the name, which would be lost."""
    try:
        with open(path, "rb") as file:
            if file.read(len(_GZIP)) == _GZIP:
                return
    except FileNotFoundError:
        return
    except IsADirectoryError:
        pass
    raise ExportRefused(
        f"`{path}` exists and is no bundle",
        hint="choose another name, or move it elsewhere",
        context={"path": path},
    )


def _written_aside(target: str, members: list[BundleSource], heard: Callable[[str, int], None]) -> Written:
    """Whole or not at all. Several at once each write their own; the last to end has the name."""
    with new_file(target) as made:
        written = write_bundle(made.stream, members, heard)
        fault("bundle written")
        refuse_other_file(target)
        made.put_in_place(target)
    fault("bundle in place")
    sync_directory(os.path.dirname(target))
    return written


def _files_below(directory: str) -> Iterator[tuple[str, str]]:
    """Files and links below a directory, sorted, without repositories and what Python made; no link is followed."""
    for top, directories, names in os.walk(directory):
        links = [name for name in directories if os.path.islink(f"{top}/{name}")]
        directories[:] = sorted(
            name
            for name in directories
            if name != _LEFT_OUT_OF_PACKS and not stands_for_git(name) and name not in links
        )
        for name in sorted([*names, *links]):
            if not name.endswith(".pyc") and not stands_for_git(name):
                path = f"{top}/{name}"
                yield os.path.relpath(path, directory), path


def _of_content(name: str, content: bytes) -> BundleSource:
    return BundleSource(name, MemberDigest(hashlib.sha256(content).hexdigest(), len(content)), content=content)


def _of_path(name: str, path: str) -> BundleSource:
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        state = os.fstat(file.fileno())
    return BundleSource(name, MemberDigest(digest, state.st_size, bool(state.st_mode & 0o100)), path)


def _is_text(name: str) -> bool:
    """Whether readers on every system take a name: UTF-8, nothing that steers, no backslash."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return "\\" not in name and not any(ord(letter) < 32 or ord(letter) == 127 for letter in name)


def _write(path: str, content: bytes, *, executable: bool = False) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content)
        if executable:
            os.fchmod(file.fileno(), 0o755)
