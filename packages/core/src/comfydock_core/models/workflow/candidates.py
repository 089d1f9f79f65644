"""Which node pack each class of a workflow is from: the packs that may be meant, and what speaks for each of them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field

from comfydock_core.records import record

# What decided about a class.
CHOSEN = "chosen"  # The user named a pack.
OPTIONAL = "optional"  # The user said that it needs none.
BUILT_IN = "built-in"  # ComfyUI or its editor has it, here or in another version.
INSTALLED = "installed"  # A pack that is here defines it.
EVIDENCE = "evidence"  # What is known of packs and of the workflow; open while that does not tell enough.
UNKNOWN = "unknown"  # Nothing is known of the class.


@record
class Reason:
    """One piece of evidence. `weight` are the points that it adds to the score, negative where it speaks against."""

    kind: str
    words: str
    weight: float


@record
class CandidatePack:
    """A pack that a class may be from.

    `identifier` is what names it everywhere else: the registry's, the one of the lists, or an address. `registry_id` is
    `None` where the registry is not known to have it. `version` is the one that the workflow was saved with.
    `installed` is what the environment calls it, its key in the manifest or its directory, `None` when it is not here.
    `refusal` is why it cannot be added.
    """

    identifier: str
    name: str
    score: float
    reasons: tuple[Reason, ...] = ()
    registry_id: str | None = None
    repository: str | None = None
    version: str | None = None
    installed: str | None = None
    refusal: str | None = None

    def as_dict(self) -> dict[str, object]:
        return {
            "id": self.identifier,
            "name": self.name,
            "registry_id": self.registry_id,
            "repository": self.repository,
            "version": self.version,
            "installed": self.installed,
            "refusal": self.refusal,
            "score": round(self.score, 1),
            "reasons": [{"kind": one.kind, "words": one.words, "weight": round(one.weight, 1)} for one in self.reasons],
        }


@record
class ClassResolution:
    """Where one node class is from.

    `candidates` are best first, whatever decided. `decided` is `None` for what needs no pack, and for what the evidence
    leaves open. `editor_only` says that the pack defines it in its scripts: nothing of it runs on the server. `notes`
    are words about what disagrees; `contested` says that the nodes name a known pack or ComfyUI, and the lists another
    one: no margin decides that.
    """

    type: str
    decided_by: str
    decided: CandidatePack | None = None
    candidates: tuple[CandidatePack, ...] = ()
    editor_only: bool = False
    notes: tuple[str, ...] = ()
    contested: bool = False

    @property
    def best(self) -> CandidatePack | None:
        return self.candidates[0] if self.candidates else None

    @property
    def margin(self) -> float:
        """How far the best candidate is before the second, or before nothing at all."""
        scores = [one.score for one in self.candidates[:2]]
        return scores[0] - max(scores[1] if len(scores) > 1 else 0.0, 0.0) if scores else 0.0

    @property
    def is_open(self) -> bool:
        """Whether it needs a pack and none was decided on."""
        return self.decided is None and self.decided_by in (EVIDENCE, UNKNOWN)

    def as_dict(self) -> dict[str, object]:
        return {
            "type": self.type,
            "decided_by": self.decided_by,
            "decided": None if self.decided is None else self.decided.identifier,
            "margin": round(self.margin, 1),
            "editor_only": self.editor_only,
            "contested": self.contested,
            "notes": list(self.notes),
            "candidates": [one.as_dict() for one in self.candidates],
        }


@record
class ResolutionResult:
    """Where the node classes of one workflow are from, each once, sorted by their names."""

    classes: tuple[ClassResolution, ...] = ()

    def of(self, node_type: str) -> ClassResolution | None:
        return next((one for one in self.classes if one.type == node_type), None)

    @property
    def open(self) -> tuple[ClassResolution, ...]:
        """Those that somebody has to decide about."""
        return tuple(one for one in self.classes if one.is_open)

    @property
    def packs(self) -> tuple[CandidatePack, ...]:
        """The packs that were decided on, each once, sorted by their identifiers."""
        found = {one.decided.identifier: one.decided for one in self.classes if one.decided is not None}
        return tuple(found[identifier] for identifier in sorted(found))

    def classes_of(self, identifier: str) -> tuple[str, ...]:
        """The classes that were decided to be from a pack."""
        return tuple(one.type for one in self.classes if one.decided and one.decided.identifier == identifier)

    def as_dict(self) -> dict[str, object]:
        return {"classes": [one.as_dict() for one in self.classes]}


@record
class ClassChoices:
    """What the user chose for node classes: the identifier of a pack, or false for none. The workflow's go first."""

    workflow: Mapping[str, str | bool] = field(default_factory=dict)
    environment: Mapping[str, str | bool] = field(default_factory=dict)

    def of(self, node_type: str) -> str | bool | None:
        """The choice for a class, `None` without one."""
        found = self.workflow.get(node_type)
        return found if found is not None else self.environment.get(node_type)

    def unused(self, types: Iterable[str]) -> Iterator[str]:
        """Classes of the workflow's choices that it does not use any more."""
        used = set(types)
        return (node_type for node_type in sorted(self.workflow) if node_type not in used)
