"""`Downloads`: getting models, one short method for each use case."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from comfydock_core.core.services_bundle import WorkspaceAccess
    from comfydock_core.managers.model_download_manager import ModelDownloadManager
    from comfydock_core.models.model_files.downloads import DownloadLimits, DownloadOutcome, DownloadPlan, KeptDownload
    from comfydock_core.models.protocols import Reporter
    from comfydock_core.models.shared import ModelSourceResult


class Downloads:
    """Downloads into the models directory of a workspace."""

    def __init__(self, workspace: WorkspaceAccess) -> None:
        self._workspace = workspace

    def plan(
        self, urls: Sequence[str], reporter: Reporter, *, to: str | None = None, sha256: str | None = None,
        link: bool = False,
    ) -> list[DownloadPlan]:  # fmt: skip
        """What downloading some addresses will do. Raises `PlaceUnclear`, `ModelExists`, `ModelMismatch`,
        `ModelsDirectoryNotFound`, `InvalidSetting`, `ModelNotOffered`, `RemoteError`, `FileSystemError`.
        """
        from comfydock_core.managers.model_download_manager import DownloadWish

        return self._manager().plan(DownloadWish(tuple(urls), to, sha256, link), reporter)

    def download(
        self, plans: Sequence[DownloadPlan], reporter: Reporter, limits: DownloadLimits | None = None
    ) -> list[DownloadOutcome]:
        """Carry plans out and remember where what came right came from. One that fails does not keep the others."""
        return self._remembered(self._manager(limits).download(plans, reporter))

    def kept(self) -> list[KeptDownload]:
        """The downloads that are under way or paused."""
        return self._manager().kept()

    def find(self, names: Sequence[str]) -> list[KeptDownload]:
        """Those of some identifiers or names. Raises `DownloadNotFound`."""
        return self._manager().find(names)

    def resume(
        self, names: Sequence[str], reporter: Reporter, limits: DownloadLimits | None = None
    ) -> list[DownloadOutcome]:
        """Go on with downloads, or with all that are paused. Raises `DownloadNotFound`."""
        return self._remembered(self._manager(limits).resume(names, reporter))

    def pause(self, names: Sequence[str]) -> list[KeptDownload]:
        """Stop downloads of other commands, or all. Raises `DownloadNotFound`, `BusyError`."""
        return self._manager().pause(names)

    def cancel(self, names: Sequence[str]) -> list[KeptDownload]:
        """Give downloads up and remove what came. Raises `DownloadNotFound`, `BusyError`."""
        return self._manager().cancel(names)

    def sources_of(self, identifier: str, reporter: Reporter, *, offline: bool = False) -> list[ModelSourceResult]:
        """Where a model can be had, by its content. Raises `ModelNotFound`, `ConflictError`, `RemoteError`."""
        from comfydock_core.core.usecases.models.downloading import search_sources

        sources = self._workspace.services().model_sources
        return search_sources(self._workspace.layout, identifier, sources, reporter, offline=offline)

    def _manager(self, limits: DownloadLimits | None = None) -> ModelDownloadManager:
        return self._workspace.services().model_downloads(limits)

    def _remembered(self, outcomes: list[DownloadOutcome]) -> list[DownloadOutcome]:
        from comfydock_core.core.usecases.models.downloading import remember

        remember(self._workspace.layout, outcomes)
        return outcomes
