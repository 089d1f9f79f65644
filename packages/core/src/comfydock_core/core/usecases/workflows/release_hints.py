"""Which ComfyUI has the classes that this one lacks, by the history that this machine has."""

import os
from collections.abc import Iterable
from dataclasses import astuple

from comfydock_core import analyzers
from comfydock_core.caching.answer_cache import OLDEST, AnswerCache
from comfydock_core.caching.mirror_names import mirror_path
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.models.exceptions import GitFailed
from comfydock_core.models.manifest import EnvironmentManifest
from comfydock_core.records import record
from comfydock_core.services.comfyui_repository import chosen_repository
from comfydock_core.utils.files.listed_once import ListedOnce

_SUBJECT = "class-releases"
_REFS = ("packed-refs", "refs/tags")


def release_hints(
    workspace: WorkspaceLayout, environment: EnvironmentLayout, manifest: EnvironmentManifest, names: Iterable[str]
) -> tuple[dict[str, str], bool]:
    """A sentence for each class that some release of ComfyUI has, and whether the history told all. Nothing is fetched.

    Looking through the releases takes a second, and is done once for each class while no releases come.
    """
    repository = _repository(workspace, environment, manifest)
    answers, question = AnswerCache(workspace.answers), [repository, _stamp(repository)]
    known = answers.recall(_SUBJECT, question, OLDEST) or {}
    wanted = set(names)
    new = [name for name in wanted if name not in known]
    if new:
        known = {**known, **_looked_up(repository, new)}
        answers.keep(_SUBJECT, question, known)
    here = manifest.comfyui_version or "another version"
    hints = {name: _told(found, here) for name in wanted if isinstance(found := known.get(name), list) and found}
    return hints, wanted <= known.keys()


@record
class ReleasePlaces:
    """What tells when other releases are known: which `histories` are there, and their `refs`, files and directories.

    They are those of the mirror that is or would be there, and of the checkout.
    """

    histories: tuple[str, ...] = ()
    refs: tuple[str, ...] = ()

    @classmethod
    def of(cls, workspace: WorkspaceLayout, environment: EnvironmentLayout, repository: str | None) -> "ReleasePlaces":
        mirror = mirror_path(workspace.git_mirrors, chosen_repository(repository))
        roots = [place for root in (mirror, environment.comfyui) for place in (root, f"{root}/.git")]
        places = (*roots, *(f"{root}/HEAD" for root in roots))
        return cls(places, tuple(f"{root}/{refs}" for root in roots for refs in _REFS))


def _looked_up(repository: str, names: list[str]) -> dict[str, list[object]]:
    if not os.path.exists(f"{repository}/HEAD") and not os.path.exists(f"{repository}/.git"):
        return {name: [] for name in names}  # Code without a history; git would ask that of a directory above it.
    try:
        found = analyzers.ReleaseHistory(repository).of(names)
    except GitFailed:
        return {}  # A history that cannot be read tells nothing; `doctor` names what is wrong with it.
    return {name: list(astuple(found[name])) if name in found else [] for name in names}


def _told(found: list[object], here: str) -> str:
    first, last, gone = found
    if gone:
        return f"ComfyUI had it from {first} to {last}; this environment has {here}"
    return f"ComfyUI has it since {first}; this environment has {here}"


def _repository(workspace: WorkspaceLayout, environment: EnvironmentLayout, manifest: EnvironmentManifest) -> str:
    """The mirror, which knows releases that came after the checkout, or else the checkout itself."""
    address = chosen_repository(manifest.comfyui_repository)
    mirror = mirror_path(workspace.git_mirrors, address)
    return mirror if os.path.isdir(mirror) else environment.comfyui


def _stamp(repository: str) -> str:
    """Another text when releases come."""
    inside = f"{repository}/.git" if os.path.isdir(f"{repository}/.git") else repository
    return ListedOnce().stamp([f"{inside}/{refs}" for refs in _REFS])
