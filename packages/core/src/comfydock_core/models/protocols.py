"""What the library asks of its callers, as protocols."""

from __future__ import annotations

from typing import Protocol

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from comfydock_core.models.sharing import NeededModel
    from comfydock_core.models.workflow.candidates import ClassResolution


class Reporter(Protocol):
    """Hears how long work goes on. The library calls it from the thread that does the work."""

    def phase(self, text: str) -> None:
        """A step begins, for example "Cloning ComfyUI v0.3.60"."""

    def progress(self, label: str, done: int, total: int | None, unit: str) -> None:
        """`done` of `total` units are done; `total` is `None` while it is unknown."""

    def line(self, text: str) -> None:
        """A line of a child's output, as the child wrote it."""

    def warn(self, text: str) -> None:
        """Something the user should know that does not stop the work."""


class NodeInstallCallbacks(Protocol):
    """Hears of node packs one by one while those that were named are looked up and fetched.

    The library calls it from the thread that does the work. What it raises ends the work, with nothing changed.
    """

    def on_node_start(self, pack: str, number: int, total: int) -> None:
        """Work on a pack begins, the `number`-th of `total`. `pack` is as it was named, without a login."""

    def on_node_complete(self, pack: str, error: str | None) -> None:
        """The pack is fetched, or why it cannot be had; with `keep_going` the others are still tried then."""


class ExportCallbacks(Protocol):
    """Hears of an export, and decides what only its user can.

    The library calls it from the thread that does the work. What it raises ends the work, with nothing written.
    """

    def on_models_without_sources(self, models: Sequence[NeededModel]) -> bool:
        """Whether to export although nobody else can get these models. Before anything is written."""

    def on_member(self, path: str, number: int, total: int) -> None:
        """A member is written to the bundle, the `number`-th of `total`."""


class ImportCallbacks(Protocol):
    """Hears what becomes of the parts of a definition while an environment is made of it.

    The library calls it from the thread that does the work. What it raises ends the work, with nothing made.
    """

    def on_pack(self, pack: str, error: str | None) -> None:
        """A node pack is in its place, or why it cannot be had."""

    def on_model(self, path: str, error: str | None) -> None:
        """A model of the bundle is in its place below the models directory, or why it is not put there."""


class NodeResolutionStrategy(Protocol):
    """Decides which node pack a class is from where that is open, or confirms what the evidence says."""

    def choose_pack(self, found: ClassResolution) -> str | bool | None:
        """The identifier of a pack, `False` when the class needs none, `None` to leave it open."""


class ModelResolutionStrategy(Protocol):
    """Decides which of several files a workflow means by the name of a model."""

    def choose_model(self, name: str, found: Sequence[str]) -> str | None:
        """One of the paths that were found, `None` to leave it open."""

    def choose_missing(self, name: str, near: Callable[[str], Sequence[str]]) -> str | bool | None:
        """What becomes of a model that is not here and has no source: the path of a file that is meant, an address to
        fetch it from, `False` when the workflow works without it, `None` to leave it open.

        `near` gives the paths of files whose names are like some words.
        """


class KnownVersion(Protocol):
    """A published version in the lists of node packs."""

    @property
    def version(self) -> str: ...
    @property
    def download_url(self) -> str | None: ...
    @property
    def deprecated(self) -> bool: ...


class KnownPackage(Protocol):
    """A node pack in those lists. `source` is `registry` where the registry has it, whose `identifier` it is then."""

    @property
    def identifier(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def repository(self) -> str | None: ...
    @property
    def versions(self) -> Sequence[KnownVersion]: ...


class KnownPacks(Protocol):
    """The lists of node packs on this machine, as far as finding one needs them."""

    def package(self, identifier: str) -> KnownPackage | None:
        """The pack of an identifier, whatever its case."""

    def package_of_repository(self, address: str) -> KnownPackage | None:
        """The pack that lives at an address, however that is spelled."""

    def near(self, identifier: str, *, limit: int = 5) -> list[str]:
        """Identifiers that look like this one, best first."""
