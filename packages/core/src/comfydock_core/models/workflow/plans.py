"""What is going to be decided about workflows, and what is to be noted of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from comfydock_core.models.model_files.model_list import ModelListEntry
from comfydock_core.models.operation import ChangePlan
from comfydock_core.models.workflow.candidates import CandidatePack, ClassResolution, ResolutionResult
from comfydock_core.models.workflow.checks import ModelMatch
from comfydock_core.models.workflow.dependencies import ModelReference
from comfydock_core.models.workflow.entries import OPTIONAL, KnownModel, WorkflowEntry
from comfydock_core.records import record


@dataclass(slots=True)
class Decisions:
    """What somebody decided while a workflow was resolved, so that it need not be asked twice.

    `packs` maps node classes to identifiers of packs, or to false for none; `models` values to paths of files, `urls`
    to addresses that they can be had from; `optional` are values that the workflow works without.
    `skipped` are classes and values that stay open. `writes` are the values that may be written anew, all for `None`.
    Where it was a person, the manifest `remembers` it.
    """

    remembers: bool = False
    packs: dict[str, str | bool] = field(default_factory=dict)
    models: dict[str, str] = field(default_factory=dict)
    urls: dict[str, str] = field(default_factory=dict)
    optional: set[str] = field(default_factory=set)
    skipped: set[str] = field(default_factory=set)
    writes: frozenset[str] | None = None

    @property
    def are_there(self) -> bool:
        return bool(self.packs or self.models or self.urls or self.optional)


@record
class ValueChange:
    """A value of the workflow that is written anew: `places` are JSON pointers into the file."""

    places: tuple[str, ...]
    old: str
    new: str
    reason: str


@record
class WantedModel:
    """A missing model that can be fetched: from which addresses, to which place below the models directory.

    `known_from` is one of the constants of `model_origin`.
    """

    reference: ModelReference
    urls: tuple[str, ...]
    to: str
    importance: str
    sha256: str | None = None
    known_from: str = ""


@record
class WorkflowResolution:
    """Everything that was decided about a workflow, and what is left open.

    `matches` are the models that nodes which run ask for. `add` are the packs to be added, `open` classes that nobody
    decided about. `missing` are models of which no source is certain, `unclear` those that several files may be,
    `elsewhere` those in a folder that the node does not read; `offered` has by its value what the list of models has
    under the name of one that is missing. `importance` tells how much each reference matters. `entry` and `models` are
    what the manifest is to note; `read` is the text of the file, `content` the new one, `None` when it stays. Without
    `lists` of node packs only what is here was asked.
    """

    environment: str
    name: str
    path: str
    classes: ResolutionResult
    matches: tuple[ModelMatch, ...]
    add: tuple[CandidatePack, ...]
    open: tuple[ClassResolution, ...]
    changes: tuple[ValueChange, ...]
    fetch: tuple[WantedModel, ...]
    missing: tuple[ModelMatch, ...]
    unclear: tuple[ModelMatch, ...]
    elsewhere: tuple[ModelMatch, ...]
    entry: WorkflowEntry
    models: tuple[KnownModel, ...]
    read: bytes
    content: bytes | None
    notes: bool = False
    importance: Mapping[ModelReference, str] = field(default_factory=dict)
    lists: bool = True
    offered: Mapping[str, tuple[ModelListEntry, ...]] = field(default_factory=dict)

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to do or to decide. What is optional may be absent."""
        absent = [match.reference for match in (*self.missing, *self.unclear, *self.elsewhere)]
        absent += [wanted.reference for wanted in self.fetch]
        return not (self.add or self.open or any(self.importance.get(one) != OPTIONAL for one in absent))

    @property
    def writes(self) -> bool:
        """Whether the file or the manifest is to be written."""
        return self.content is not None or self.notes


@record
class ChosenPack:
    """What was chosen for a node class: a pack, or none for `None`. `workflow` is where, `None` for everywhere.

    `installed` is what the environment calls the pack.
    """

    type: str
    pack: str | None
    workflow: str | None = None
    installed: str | None = None

    def as_dict(self) -> dict[str, object]:
        return {"class": self.type, "pack": self.pack, "workflow": self.workflow, "installed": self.installed}


@record
class ChoicePlan:
    """Choosing a pack for a class, or with `forgets` taking that back. `notes` say what is odd about it."""

    environment: str
    choice: ChosenPack
    change: ChangePlan
    notes: tuple[str, ...] = ()
    forgets: bool = False


@record
class ImportancePlan:
    """How much a model of a workflow matters from now on; `model` is what the manifest calls it."""

    environment: str
    model: str
    before: str
    importance: str
    resolution: WorkflowResolution
    change: ChangePlan


@record
class MappedModel:
    """Which file a name of a model means from now on."""

    value: str
    path: str
    resolution: WorkflowResolution
    change: ChangePlan


@record
class ListedModel:
    """A model that a workflow asks for.

    `state` is that of its match, `path` the file that it is, `files` those that it may be; `sources` are where a
    missing one can be had.
    """

    value: str
    importance: str
    state: str
    folders: tuple[str, ...]
    nodes: tuple[str, ...]
    path: str | None = None
    files: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
