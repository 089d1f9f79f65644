"""Python packages of an environment: what is asked for, by whom, and what a change of that is going to do."""

from comfydock_core.models.operation import ChangePlan
from comfydock_core.models.packages.redefinition import Redefinition
from comfydock_core.records import record

# Who asks for a package, or limits its versions.
COMFYUI = "comfyui"
USER = "user"
GROUP = "group"
PACK = "pack"
RELEASE = "pytorch"


@record
class PackageRequest:
    """What somebody wants of the Python packages of an environment.

    `action` is `add`, `remove`, `remove-group`, `constrain` or `unconstrain`; `words` are requirements, constraints or
    names, and `file` names a requirements file. `group` is a dependency group instead of the project. `directory` is
    where relative paths begin. `bounds` (`lower`, `major`, `minor` or `exact`) are written for what has no version;
    `upgrade` takes the newest versions of what is named. `force` removes what ComfyUI itself asks for. Without `test`
    nothing is resolved beforehand; `strict` refuses what changes packages that are locked already.
    """

    action: str
    words: tuple[str, ...] = ()
    file: str | None = None
    group: str | None = None
    directory: str = "."
    bounds: str | None = None
    editable: bool = False
    upgrade: bool = False
    force: bool = False
    test: bool = True
    strict: bool = False


@record
class RequirementChange:
    """A line of the manifest that changes. `place` is `project`, `constraints` or a group; `None` is not a line."""

    place: str
    name: str
    before: str | None
    after: str | None


@record
class PackagePlan:
    """What is going to happen to the Python packages of an environment, as one operation."""

    name: str
    command: str
    changes: tuple[RequirementChange, ...]
    notes: tuple[str, ...]
    redefinition: Redefinition
    change: ChangePlan

    @property
    def nothing_to_do(self) -> bool:
        return not self.change.steps


@record
class ListedPackage:
    """A requirement of the manifest. `kind` is `comfyui`, `user`, `group` or `pack`; `owner` names the last two.

    `versions` are those that are locked, several where platforms differ.
    """

    name: str
    requirement: str
    versions: tuple[str, ...]
    kind: str
    owner: str | None = None


@record
class ListedConstraint:
    """A limit on versions. `kind` is `user`, or `pytorch` for what pins the release of PyTorch."""

    name: str
    constraint: str
    kind: str
