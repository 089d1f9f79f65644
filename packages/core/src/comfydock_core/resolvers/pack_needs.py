"""Which packs of an environment its workflows need.

For a node type these are asked in turn: what the manifest notes for the workflow, what the node says of its origin, the
code on the disk, and the lists, first by the node's inputs and then by its name. Nothing is called unneeded that only
may be: where something could not be read, a pack is perhaps needed.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from comfydock_core.analyzers.code.remembered_classes import RememberedClasses
from comfydock_core.analyzers.node_classifier import NodeClassifier
from comfydock_core.analyzers.workflows.workflow_nodes import read_workflows
from comfydock_core.caching.answer_cache import AnswerCache
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.models.manifest import EnvironmentManifest
from comfydock_core.models.node_mapping import NodeMapping
from comfydock_core.models.packs.node_use import NodeUse
from comfydock_core.models.packs.pack_needs import (
    NEEDED,
    PERHAPS,
    UNNEEDED,
    Need,
    PackNeed,
    PackNeeds,
    UnreadWorkflow,
    Unserved,
    WorkflowNodes,
)
from comfydock_core.models.protocols import Reporter
from comfydock_core.models.workflow.candidates import ClassChoices
from comfydock_core.repositories.node_data.node_index import NodeIndex
from comfydock_core.resolvers.class_choices import class_choices
from comfydock_core.resolvers.installed_packs import InstalledPack, InstalledPacks, installed_packs
from comfydock_core.utils.text import counted, some

_NAMES_SHOWN = 3


def needs_of(
    layout: EnvironmentLayout,
    manifest: dict[str, object],
    index: NodeIndex | None,
    answers: AnswerCache,
    reporter: Reporter,
) -> PackNeeds:
    """What the live workflows need of the packs. Without an index the lists are not asked. Raises `ManifestDamaged`.

    `answers` keeps what was read from code, which takes most of the time.
    """
    return survey(layout, manifest, index, answers, reporter).needs()


@dataclass(slots=True)
class Survey:
    """All that is known of an environment's packs, workflows and classes."""

    packs: InstalledPacks
    classifier: NodeClassifier
    workflows: tuple[WorkflowNodes, ...]
    unread: tuple[UnreadWorkflow, ...]
    index: NodeIndex | None
    notes: "_Notes"
    _needs: dict[str, list[Need]] = field(default_factory=dict)
    _unserved: dict[str, list[str]] = field(default_factory=dict)
    _known: dict[str, list[str]] = field(default_factory=dict)

    def needs(self) -> PackNeeds:
        """Who needs what, as one value."""
        self._needs, self._unserved, self._known = {}, {}, {}
        for workflow in self.workflows:
            choices = self.notes.of(workflow.name)
            for use in workflow.uses:
                self._count(workflow, use, choices.of(use.type))
        unserved = tuple(
            Unserved(kind, tuple(names), tuple(dict.fromkeys(self._known.get(kind, []))))
            for kind, names in sorted(self._unserved.items())
        )
        packs = tuple(self._pack_need(pack, unserved) for pack in self.packs.all)
        return PackNeeds(packs, unserved, self.unread, len(self.workflows))

    def _count(self, workflow: WorkflowNodes, use: NodeUse, noted: str | bool | None) -> None:
        if isinstance(noted, bool):  # It needs no pack.
            return
        if noted is None and self.classifier.is_builtin(use.type, use.cnr_id):
            return
        serving = self._serving(use, noted)
        for pack in serving:
            self._needs.setdefault(pack.identifier, []).append(Need(workflow.name, use.type))
        if not serving:
            self._unserved.setdefault(use.type, []).append(workflow.name)
            self._known.setdefault(use.type, []).extend(self._known_packs(use, noted))

    def _serving(self, use: NodeUse, noted: str | None) -> list[InstalledPack]:
        """The packs here that serve a node, by the first source that names one that is here.

        Where a source and the code disagree both are believed: neither pack is to be taken away.
        """
        defining = self.packs.defining(use.type)
        for pack in self._named(use, noted):
            if pack in defining or not defining:
                return [pack]
            return [pack, *defining]
        if defining:
            return defining
        listed = (self.packs.named(one.identifier) for one in self._candidates(use))
        return [pack for pack in listed if pack is not None and not pack.classes.complete][:1]

    def _named(self, use: NodeUse, noted: str | None) -> Iterable[InstalledPack]:
        """The pack that the manifest or the node itself names, if that is here."""
        named = [self.packs.named(name) for name in (noted, use.cnr_id) if name]
        if use.aux_id:
            named.append(self.packs.at(f"https://github.com/{use.aux_id}"))
        return [pack for pack in named if pack is not None][:1]

    def _candidates(self, use: NodeUse) -> list[NodeMapping]:
        """What the lists say: those with exactly these inputs first, then those of this name."""
        found = self.index.candidates(use.type) if self.index is not None else []
        exact = [one for one in found if one.signature in use.signatures]
        return [*exact, *(one for one in found if not one.signature)]

    def _known_packs(self, use: NodeUse, noted: str | None) -> list[str]:
        """The packs that could be added for a node, best first."""
        named = [noted, use.cnr_id]
        if use.aux_id and not use.cnr_id:
            named.append(self._name_of_repository(use.aux_id))
        return [name for name in [*named, *(one.identifier for one in self._candidates(use))] if name]

    def _name_of_repository(self, place: str) -> str:
        address = f"https://github.com/{place}"
        known = self.index.package_of_repository(address) if self.index is not None else None
        return address if known is None else known.identifier

    def _pack_need(self, pack: InstalledPack, unserved: tuple[Unserved, ...]) -> PackNeed:
        needs = tuple(self._needs.get(pack.identifier, ()))
        doubts = () if needs else tuple(self._doubts(pack, unserved))
        state = NEEDED if needs else PERHAPS if doubts else UNNEEDED
        return PackNeed(pack.identifier, pack.name, state, pack.tracked, needs, doubts)

    def _doubts(self, pack: InstalledPack, unserved: tuple[Unserved, ...]) -> list[str]:
        doubts = [f"the workflow `{name}` is noted to need it and is not here" for name in self.notes.needing(pack)]
        if self.unread:
            unread = some([f"`{one.name}`" for one in self.unread], _NAMES_SHOWN)
            doubts.append(f"{counted(len(self.unread), 'workflow')} could not be read: {unread}")
        if not pack.classes.complete and unserved:
            types = ", ".join(one.type for one in unserved[:_NAMES_SHOWN])
            doubts.append(f"not all of its node classes could be determined, and nothing else has {types}")
        if not pack.classes.names and pack.classes.complete:
            doubts.append("it defines no node classes, so no workflow tells whether it is used")
        return doubts


class _Notes:
    """What the manifest notes of workflows: chosen packs for node types, and which packs each needs."""

    def __init__(self, layout: EnvironmentLayout, manifest: dict[str, object], live: list[str]) -> None:
        self._manifest = EnvironmentManifest(manifest, layout.manifest)
        self._entries = self._manifest.workflows
        self._live = set(live) | {name.rpartition("/")[2] for name in live}

    def of(self, workflow: str) -> ClassChoices:
        """What was chosen for the node types of a workflow."""
        return class_choices(self._manifest, workflow)

    def needing(self, pack: InstalledPack) -> list[str]:
        """Workflows that the manifest knows, that are not among the live ones, and that need a pack."""
        names = {name.casefold() for name in (pack.identifier, pack.registry_id) if name}
        return [
            workflow
            for workflow, entry in self._entries.items()
            if workflow not in self._live and isinstance(entry, dict) and names & _texts(entry.get("nodes"))
        ]


def survey(
    layout: EnvironmentLayout,
    manifest: dict[str, object],
    index: NodeIndex | None,
    answers: AnswerCache,
    reporter: Reporter,
) -> Survey:
    """Look at everything once. Raises `ManifestDamaged`."""
    classes = RememberedClasses(layout.comfyui, answers, reporter)
    packs = installed_packs(layout, manifest, index, classes)
    classifier = NodeClassifier(classes.of_comfyui().names, packs.classes(), index)
    classes.save()
    workflows, unread = read_workflows(layout.workflows)
    live = [*(one.name for one in workflows), *(one.name for one in unread)]
    notes = _Notes(layout, manifest, live)
    return Survey(packs, classifier, workflows, unread, index, notes)


def _texts(value: object) -> set[str]:
    return {item.casefold() for item in value if isinstance(item, str)} if isinstance(value, list) else set()
