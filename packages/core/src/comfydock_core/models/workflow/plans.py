"""What resolving a workflow is going to do."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from comfydock_core.models.model_files.model_list import ModelListEntry
from comfydock_core.models.workflow.candidates import CandidatePack, ClassResolution, ResolutionResult
from comfydock_core.models.workflow.checks import ModelMatch
from comfydock_core.models.workflow.dependencies import ModelReference
from comfydock_core.models.workflow.entries import KnownModel, WorkflowEntry


@dataclass(slots=True)
class Decisions:
    """What somebody decided while a workflow was resolved, so that it need not be asked twice.

    `packs` maps node classes to identifiers of packs, or to false for none; `models` values to paths of files. Where it
    was a person, the manifest `remembers` it.
    """

    remembers: bool = False
    packs: dict[str, str | bool] = field(default_factory=dict)
    models: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ValueChange:
    """A value of the workflow that is written anew: `places` are JSON pointers into the file."""

    places: tuple[str, ...]
    old: str
    new: str
    reason: str


# Where it is known from that a missing model can be had, in the order in which it is asked.
FROM_WORKFLOW = "workflow"
FROM_MANIFEST = "manifest"
FROM_INDEX = "index"  # By the digest, which is known.
FROM_LIST = "model-list"  # By the name alone.


@dataclass(frozen=True, slots=True)
class ModelOrigin:
    """Where a missing model can be had, and where that is known from.

    `sha256` is what the manifest noted of the content. `entries` are those of the list of models, where nothing else is
    known; more than one address, or a name that tells nothing, is a choice for people, and there are no `urls` then.
    """

    urls: tuple[str, ...] = ()
    known_from: str = ""
    sha256: str | None = None
    entries: tuple[ModelListEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class WantedModel:
    """A missing model that can be fetched: from which addresses, to which place below the models directory.

    `known_from` is one of the constants above.
    """

    reference: ModelReference
    urls: tuple[str, ...]
    to: str
    importance: str
    sha256: str | None = None
    known_from: str = ""


@dataclass(frozen=True, slots=True)
class WorkflowResolution:
    """Everything that was decided about a workflow, and what is left open.

    `add` are the packs to be added. `open` are classes that nobody decided about. `missing` are models of which no
    source is certain, `unclear` those that several files may be; `offered` has by its value what the list of models has
    under the name of one that is missing. `entry` and `models` are what the manifest is to note,
    `content` the new text of the file, `None` when it stays.
    """

    environment: str
    name: str
    path: str
    classes: ResolutionResult
    add: tuple[CandidatePack, ...]
    open: tuple[ClassResolution, ...]
    changes: tuple[ValueChange, ...]
    fetch: tuple[WantedModel, ...]
    missing: tuple[ModelMatch, ...]
    unclear: tuple[ModelMatch, ...]
    elsewhere: tuple[ModelMatch, ...]
    entry: WorkflowEntry
    models: tuple[KnownModel, ...]
    content: bytes | None
    notes: bool = False
    offered: Mapping[str, tuple[ModelListEntry, ...]] = field(default_factory=dict)

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to do or to decide."""
        return not (self.add or self.open or self.fetch or self.missing or self.unclear or self.elsewhere)

    @property
    def writes(self) -> bool:
        """Whether the file or the manifest is to be written."""
        return self.content is not None or self.notes
