"""Which node pack each class of a workflow is from: all evidence brought together, and nothing guessed silently.

In turn: what the user chose, what ComfyUI has, what the installed packs define, and then what the nodes say of their
origin, what the lists know, what else the workflow uses, and who is the author rather than somebody who copied.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace

from comfydock_core.models.node_mapping import CORE, NodeMapping
from comfydock_core.models.packs.node_use import NodeUse
from comfydock_core.models.workflow.candidates import (
    BUILT_IN,
    CHOSEN,
    EVIDENCE,
    INSTALLED,
    OPTIONAL,
    UNKNOWN,
    CandidatePack,
    ClassChoices,
    ClassResolution,
    ResolutionResult,
)
from comfydock_core.resolvers.installed_packs import InstalledPacks
from comfydock_core.resolvers.pack_identities import NodeKnowledge, PackIdentities, named_keys
from comfydock_core.resolvers.scoring import Scoring

# Points by which the best candidate must be ahead of the second before anything is done without asking. Measured on
# 406 classes of 306 saved workflows, read without what their nodes say of their origin: 364 are ahead by so much, and
# 349 of them are from the pack that the nodes name; of the others 7 are from packs that no list has, and most from
# forks that their authors used. Fewer points would act on 5 more, one of them wrong; twice as many on 6 less.
AUTO_MARGIN = 10.0
# Points that it must have at all: a pattern that a name fits by accident is no origin.
LEAST_SCORE = 15.0
_MOST_CANDIDATES = 50  # For one class; the lists have them best first.


def resolve_classes(
    uses: Iterable[NodeUse],
    *,
    own: Collection[str],
    knowledge: NodeKnowledge | None = None,
    installed: InstalledPacks | None = None,
    choices: ClassChoices | None = None,
) -> ResolutionResult:
    """Where the classes of one workflow are from.

    `own` are the classes of ComfyUI and of its editor. The order of what is given does not matter; without lists or
    installed packs those are not asked.
    """
    return _Resolver(_merged(uses), own, knowledge, installed, choices or ClassChoices()).result()


@dataclass(slots=True)
class _Resolver:
    uses: dict[str, NodeUse]
    own: Collection[str]
    knowledge: NodeKnowledge | None
    installed: InstalledPacks | None
    choices: ClassChoices
    scoring: Scoring = field(init=False)

    def __post_init__(self) -> None:
        foreign = {node_type: use for node_type, use in self.uses.items() if node_type not in self.own}
        listed = {node_type: self._listed(node_type) for node_type in foreign}
        identities = PackIdentities(self.knowledge, self.installed)
        named = named_keys(foreign.values(), listed, identities)
        self.scoring = Scoring(foreign, listed, named, identities, self.installed)

    def result(self) -> ResolutionResult:
        return ResolutionResult(tuple(self._resolved(use) for use in self.uses.values()))

    def _listed(self, node_type: str) -> tuple[NodeMapping, ...]:
        found = self.knowledge.candidates(node_type) if self.knowledge is not None else []
        return tuple(found[:_MOST_CANDIDATES])

    def _resolved(self, use: NodeUse) -> ClassResolution:
        choice = self.choices.of(use.type)
        if isinstance(choice, bool):
            return ClassResolution(use.type, OPTIONAL, candidates=self._candidates(use))
        if choice is not None:
            return ClassResolution(use.type, CHOSEN, self.scoring.chosen(use, choice), self._candidates(use))
        if use.type in self.own:
            return ClassResolution(use.type, BUILT_IN)
        return self._of_installed(use) or self._by_evidence(use)

    def _candidates(self, use: NodeUse) -> tuple[CandidatePack, ...]:
        return () if use.type in self.own else self.scoring.ranked(use)

    def _of_installed(self, use: NodeUse) -> ClassResolution | None:
        """A pack that is here and has the class serves the workflow, wherever that was saved."""
        defining = self.scoring.defining(use.type)
        if not defining:
            return None
        candidates = self.scoring.ranked(use)
        decided = next(one for one in candidates if one.identifier in defining)
        notes = [f"`{other}`, which is here too, has a class of this name" for other in sorted(defining)
                 if other != decided.identifier]  # fmt: skip
        notes += self._disagreement(use, decided)
        editor_only = defining[decided.identifier]
        return ClassResolution(use.type, INSTALLED, decided, candidates, editor_only, tuple(notes))

    def _by_evidence(self, use: NodeUse) -> ClassResolution:
        candidates = self.scoring.ranked(use)
        if not candidates:
            return ClassResolution(use.type, UNKNOWN)
        best = candidates[0]
        named = self.scoring.named_identifiers(use.type, known=True)
        contested = bool(named) and best.identifier not in named
        if best.identifier == CORE and not any(reason.kind == "listed" for reason in best.reasons):
            contested = len(candidates) > 1  # Editors wrote this of nodes that are not ComfyUI's, too.
        notes = self._disagreement(use, best)
        found = ClassResolution(use.type, EVIDENCE, None, candidates, notes=notes, contested=contested)
        if not is_clear(found):
            return found
        if best.identifier == CORE:
            note = "this ComfyUI does not have it; another version does"
            return ClassResolution(use.type, BUILT_IN, None, candidates, notes=(note,))
        return replace(found, decided=best)

    def _disagreement(self, use: NodeUse, decided: CandidatePack) -> tuple[str, ...]:
        """Words where the node names another pack than the one that is likeliest."""
        named = self.scoring.named_identifiers(use.type)
        if not named or decided.identifier in named:
            return ()
        origin = " and ".join(f"`{one}`" for one in (use.cnr_id, use.aux_id) if one)
        return (f"the workflow was saved with {origin}",)


def is_clear(found: ClassResolution, margin: float = AUTO_MARGIN) -> bool:
    """Whether the evidence alone tells which pack it is: by that margin, and not against what the nodes say."""
    best = found.best
    if best is None or best.refusal is not None or found.contested:
        return False
    return best.score >= LEAST_SCORE and found.margin >= margin


def _merged(uses: Iterable[NodeUse]) -> dict[str, NodeUse]:
    """Each class once, sorted; of several that say an origin the first in the order of what they say is believed."""
    found: dict[str, list[NodeUse]] = {}
    for use in uses:
        found.setdefault(use.type, []).append(use)
    return {node_type: _one(found[node_type]) for node_type in sorted(found)}


def _one(uses: list[NodeUse]) -> NodeUse:
    if len(uses) == 1:
        return uses[0]
    first = min(
        uses, key=lambda use: (not use.cnr_id, not use.aux_id, use.cnr_id or "", use.aux_id or "", use.version or "")
    )
    signatures = sorted({signature for use in uses for signature in use.signatures})
    return NodeUse(first.type, first.cnr_id, first.aux_id, first.version, tuple(signatures))
