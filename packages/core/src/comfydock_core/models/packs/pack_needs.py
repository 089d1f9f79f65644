"""Which node classes workflows use, and so who needs which pack."""

from dataclasses import asdict

from comfydock_core.models.packs.node_use import NodeUse
from comfydock_core.records import record


@record
class WorkflowNodes:
    """The node types of one workflow, by type. `name` is its path among the workflows, without `.json`."""

    name: str
    path: str
    uses: tuple[NodeUse, ...]


@record
class UnreadWorkflow:
    """A workflow that could not be read, and why."""

    name: str
    path: str
    reason: str


@record
class Need:
    """One node type that one workflow uses."""

    workflow: str
    type: str


@record
class PackNeed:
    """Why a pack of the environment is needed.

    `state` is `needed`, `perhaps` (not seen to be needed, but `doubts` say why that is not certain) or `unneeded`.
    `identifier` is its key in the manifest, or its directory when it has none there (`tracked` is false then).
    """

    identifier: str
    name: str
    state: str
    tracked: bool = True
    needs: tuple[Need, ...] = ()
    doubts: tuple[str, ...] = ()


@record
class Unserved:
    """A node type that nothing in the environment defines. `known` are packs that do, best first."""

    type: str
    workflows: tuple[str, ...]
    known: tuple[str, ...] = ()


@record
class PackNeeds:
    """What the workflows of an environment need of its packs."""

    packs: tuple[PackNeed, ...] = ()
    unserved: tuple[Unserved, ...] = ()
    unread: tuple[UnreadWorkflow, ...] = ()
    workflows: int = 0

    def of(self, identifier: str) -> PackNeed | None:
        """The pack of that identifier or directory, whatever its case."""
        folded = identifier.casefold()
        for pack in self.packs:
            if folded in (pack.identifier.casefold(), pack.name.casefold()):
                return pack
        return None

    @property
    def unneeded(self) -> tuple[PackNeed, ...]:
        """The packs of the manifest that certainly no workflow needs."""
        return tuple(pack for pack in self.packs if pack.tracked and pack.state == UNNEEDED)

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


@record
class PackReason:
    """Why a pack is here, and what it asks for: `group` is its dependency group, `requirements` the lines of that."""

    need: PackNeed
    repository: str | None = None
    group: str | None = None
    requirements: tuple[str, ...] = ()


@record
class ClassReason:
    """Who defines a node class, here and among the known packs, and which workflows use it.

    `likely` are packs that are here, which define it by the lists of node packs while their code does not say so before
    it runs. `origin` is `built-in`, `installed`, `known` or `unknown`.
    """

    type: str
    built_in: bool = False
    installed: tuple[str, ...] = ()
    likely: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    workflows: tuple[str, ...] = ()
    origin: str = "unknown"


@record
class Asker:
    """Who asks for a Python package directly.

    `kind` is `comfyui`, `user`, `pack` (of the identifier `name`), `group` (of that name), `backend` (the PyTorch of
    that name) or `constraint`.
    """

    kind: str
    name: str
    requirement: str


@record
class PackageReason:
    """Why a Python package is here.

    `chains` lead from a package that is asked for directly to this one; `origins` has who asks for the first of each.
    """

    name: str
    versions: tuple[str, ...] = ()
    askers: tuple[Asker, ...] = ()
    chains: tuple[tuple[str, ...], ...] = ()
    origins: tuple[tuple[Asker, ...], ...] = ()


@record
class Reasons:
    """Everything of one name. A word may mean a pack, a node class and a Python package at once."""

    word: str
    packs: tuple[PackReason, ...] = ()
    classes: tuple[ClassReason, ...] = ()
    packages: tuple[PackageReason, ...] = ()
    unread: tuple[UnreadWorkflow, ...] = ()

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


NEEDED = "needed"
PERHAPS = "perhaps"
UNNEEDED = "unneeded"
