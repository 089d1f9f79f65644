"""The node classes of one environment with their inputs: ComfyUI's own and those of its packs."""

from dataclasses import dataclass, field

from comfydock_core.analyzers.class_inputs.remembered_inputs import RememberedInputs
from comfydock_core.analyzers.code.remembered_classes import RememberedClasses
from comfydock_core.caching.answer_cache import AnswerCache
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.models.protocols import Reporter
from comfydock_core.models.workflow.class_inputs import NodeClass
from comfydock_core.resolvers.installed_packs import present_packs

COMFYUI = "ComfyUI"


@dataclass(slots=True)
class EnvironmentClasses:
    """What ComfyUI of an environment knows.

    `classes` are those whose inputs were read, `owners` maps every class that is defined to the directory of the pack
    that defines it, or to `COMFYUI`. `doubts` say, by owner, where more may be defined than reading the code tells.
    `further` are files and directories beside those of node classes that the inputs were read from.
    """

    classes: dict[str, NodeClass] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    doubts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    further: list[str] = field(default_factory=list)

    def add(self, owner: str, names: frozenset[str], classes: dict[str, NodeClass], doubts: tuple[str, ...]) -> None:
        """Add an owner's classes. Of equal names the first counts: ComfyUI refuses packs its own ones."""
        for name in sorted(names | classes.keys()):
            self.owners.setdefault(name, owner)
        for name, known in classes.items():
            if self.owners[name] == owner:
                self.classes[name] = known
        if doubts:
            self.doubts[owner] = doubts


def environment_classes(layout: EnvironmentLayout, answers: AnswerCache, reporter: Reporter) -> EnvironmentClasses:
    """All classes of an environment, read again only where files changed since the last time."""
    names = RememberedClasses(layout.comfyui, answers, reporter)
    inputs = RememberedInputs(layout.comfyui, answers, reporter)
    found = EnvironmentClasses()
    own = names.of_comfyui()
    found.add(COMFYUI, own.names, dict(inputs.of_comfyui().classes), own.doubts)
    for pack, place in present_packs(layout.custom_nodes).items():
        defined = names.of_pack(place)
        found.add(pack, defined.names, dict(inputs.of_pack(place).classes), defined.doubts)
    names.save()
    inputs.save()
    found.further = sorted(inputs.further)
    return found
