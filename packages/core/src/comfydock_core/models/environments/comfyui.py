"""The ComfyUI of an environment: which one it is, which there are, and going to another."""

from collections.abc import Mapping

from comfydock_core.models.environments.creation import ComfyUISpec
from comfydock_core.models.file_moves import ComfyUIMove
from comfydock_core.models.operation import ChangePlan
from comfydock_core.models.packages.python_packages import RequirementChange
from comfydock_core.models.packages.redefinition import Redefinition
from comfydock_core.records import record


@record
class ComfyUIHere:
    """The ComfyUI that an environment has.

    `version`, `kind` and `commit` are the manifest's, `found` and `branch` what is checked out; `date` is that of the
    commit there, in ISO 8601. `modified` are files of ComfyUI that were changed.
    """

    version: str | None
    kind: str | None
    commit: str | None
    repository: str
    found: str | None
    branch: str | None
    date: str | None
    subject: str | None
    modified: tuple[str, ...] = ()


@record
class ComfyUIVersion:
    """A version that the repository has. `kind` is `release` or `branch`; `current` is that of the environment."""

    name: str
    kind: str
    commit: str
    current: bool


@record
class ComfyUIRequest:
    """Which ComfyUI somebody wants: a release, branch or commit, of another repository if one is named.

    `update` means the newest release, or the head of the branch that the environment follows. With `strict` no package
    that is locked may change its version; without `test` nothing is resolved beforehand.
    """

    ref: str | None = None
    repository: str | None = None
    update: bool = False
    strict: bool = False
    test: bool = True


@record
class ClassChanges:
    """Node classes of ComfyUI's own that come and go, and the workflows that use one that goes, by their names."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    workflows: Mapping[str, tuple[str, ...]] | None = None


@record
class ComfyUIPlan:
    """What going to another ComfyUI takes. `before` is the version that the manifest has, `commits` the subjects
    between, newest first, or those that are left behind when it goes back (`backwards`)."""

    name: str
    before: str
    after: ComfyUISpec
    requirements: tuple[RequirementChange, ...]
    redefinition: Redefinition | None
    classes: ClassChanges
    commits: tuple[str, ...]
    backwards: bool
    notes: tuple[str, ...]
    move: ComfyUIMove | None
    change: ChangePlan

    @property
    def nothing_to_do(self) -> bool:
        return not self.change.steps
