"""The node classes of one environment with their inputs: ComfyUI's own and those of its packs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from comfydock_core.analyzers.class_inputs.remembered_inputs import RememberedInputs
from comfydock_core.analyzers.code.class_files import ClassFiles
from comfydock_core.analyzers.code.remembered_classes import RememberedClasses
from comfydock_core.analyzers.present_packs import present_packs
from comfydock_core.caching.answer_cache import AnswerCache
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.models.workflow.class_inputs import NodeClass, StoredCatalog, names_with_models
from comfydock_core.utils.files.listed_once import ListedOnce

TYPE_CHECKING = False
if TYPE_CHECKING:
    from comfydock_core.models.protocols import Reporter

COMFYUI = "ComfyUI"


class OwnedClasses(StoredCatalog):
    """Classes by name, each looked up with the owner that defines it: most are never asked for."""

    def __init__(self, owners: Mapping[str, str], catalogs: Mapping[str, Mapping[str, NodeClass]]) -> None:
        self._owners = owners
        self._catalogs = catalogs

    def __getitem__(self, name: str) -> NodeClass:
        return self._catalogs[self._owners[name]][name]

    def __contains__(self, name: object) -> bool:
        owner = self._owners.get(name) if isinstance(name, str) else None
        return owner is not None and name in self._catalogs[owner]

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._owners if name in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def with_models(self) -> Iterator[str]:
        of_owners = {owner: frozenset(names_with_models(classes)) for owner, classes in self._catalogs.items()}
        return (name for name, owner in self._owners.items() if name in of_owners[owner])


@dataclass(slots=True)
class EnvironmentClasses:
    """What ComfyUI of an environment knows.

    `owners` maps every class that is defined to the directory of the pack that defines it, or to `COMFYUI`; `classes`
    are those whose inputs were read. `doubts` say, by owner, where more may be defined than reading the code tells.
    `editor_only` are those that scripts of packs define for the editor alone.
    `remembered` is what was asked for the names. `further` are files and directories beside those of node classes that
    the inputs were read from.
    """

    owners: dict[str, str] = field(default_factory=dict)
    catalogs: dict[str, Mapping[str, NodeClass]] = field(default_factory=dict)
    doubts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    editor_only: frozenset[str] = frozenset()
    further: list[str] = field(default_factory=list)
    remembered: RememberedClasses | None = None

    @property
    def classes(self) -> OwnedClasses:
        return OwnedClasses(self.owners, self.catalogs)

    def add(self, owner: str, names: Iterable[str], classes: Mapping[str, NodeClass], doubts: tuple[str, ...]) -> None:
        """Add an owner's classes. Of equal names the first counts: ComfyUI refuses packs its own ones."""
        self.catalogs[owner] = classes
        for name in sorted({*names, *classes}):
            self.owners.setdefault(name, owner)
        if doubts:
            self.doubts[owner] = doubts


def environment_classes(
    layout: EnvironmentLayout, answers: AnswerCache, reporter: Reporter, listed: ListedOnce | None = None
) -> EnvironmentClasses:
    """All classes of an environment, read again only where files changed since the last time.

    `listed` is what others look at, too.
    """
    files = ClassFiles(layout.comfyui, listed)
    names = RememberedClasses(layout.comfyui, answers, reporter, files)
    inputs = RememberedInputs(layout.comfyui, answers, reporter, files)
    found = EnvironmentClasses(remembered=names)
    own = names.of_comfyui()
    found.add(COMFYUI, own.names, inputs.of_comfyui().classes, own.doubts)
    for pack, place in present_packs(layout.custom_nodes).items():
        defined = names.of_pack(place)
        found.add(pack, defined.names, inputs.of_pack(place).classes, defined.doubts)
        found.editor_only |= defined.editor_only
    names.save()
    inputs.save()
    found.further = sorted(inputs.further)
    return found
