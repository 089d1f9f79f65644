"""What `node add`, `remove`, `update` and their kin are asked for, and what they are going to do."""

from comfydock_core.models.exceptions import ComfyDockError
from comfydock_core.models.operation import ChangePlan
from comfydock_core.models.packages.redefinition import Redefinition
from comfydock_core.models.packs.node_packs import CodeFinding, PackContent, PackRequirements
from comfydock_core.models.shared import NodePackage
from comfydock_core.records import record


@record
class PackOptions:
    """How changes of node packs are made.

    `force` takes what would be refused: a flagged version, a directory in the way, a pack with local changes. Without
    `test` nothing is resolved beforehand. `strict` refuses what changes packages that are locked already. `keep_going`
    does what can be done when a part cannot. `run_install_script` runs a pack's `install.py` in the new environment.
    `verify` starts ComfyUI once with the packs and makes the change only when they can be imported.
    """

    force: bool = False
    test: bool = True
    strict: bool = False
    keep_going: bool = False
    run_install_script: bool = False
    verify: bool = False


@record
class PackRequest:
    """What somebody wants of the node packs of an environment.

    `action` is `add`, `remove`, `update`, `enable`, `disable`, `dev-link` or `prune`; `words` name packs, for `prune`
    those that stay. `development`
    adds packs as the user's own, `untrack` leaves the directories of those that are removed. `path` is for
    `dev-link`, `name` for `dev-link` and for one pack that is added under another name than its own;
    `excluded` are packs that an update of all passes over.
    """

    action: str
    words: tuple[str, ...] = ()
    options: PackOptions = PackOptions()
    development: bool = False
    untrack: bool = False
    path: str | None = None
    name: str | None = None
    excluded: tuple[str, ...] = ()


@record
class PackChange:
    """What becomes of one node pack.

    `action` is `add`, `replace`, `update`, `remove`, `untrack`, `enable`, `disable`, `link` or `track`. `content` is
    the code to be put in place, `link` the directory that a link is to lead to; `moved_from` and `moved_to` are names
    of a directory that only gets another one. `findings` are what is new in the code and worth a look, `commits` the
    subjects between two versions, newest first. `own_files` are those in the pack's directory that did not come with
    it, by their path there: another version gets them, too.
    """

    action: str
    before: NodePackage | None = None
    after: NodePackage | None = None
    content: PackContent | None = None
    link: str | None = None
    moved_from: str | None = None
    moved_to: str | None = None
    requirements: PackRequirements | None = None
    findings: tuple[CodeFinding, ...] = ()
    commits: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    own_files: tuple[str, ...] = ()

    @property
    def pack(self) -> NodePackage:
        """The pack as it will be, or as it was where it goes."""
        pack = self.after or self.before
        assert pack is not None
        return pack


@record
class PackFailure:
    """A pack that could not be changed as asked, while others can."""

    word: str
    code: str
    message: str
    hint: str | None = None

    @classmethod
    def of(cls, word: str, error: ComfyDockError) -> "PackFailure":
        """What an error says of the pack that `word` names."""
        return cls(word, error.code, error.message, error.hint)


@record
class PackPlan:
    """What is going to happen to the node packs of an environment, as one operation."""

    name: str
    command: str
    changes: tuple[PackChange, ...]
    failures: tuple[PackFailure, ...]
    redefinition: Redefinition
    options: PackOptions
    change: ChangePlan

    @property
    def nothing_to_do(self) -> bool:
        return not self.change.steps
