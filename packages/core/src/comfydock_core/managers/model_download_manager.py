"""`ModelDownloadManager`: where models that are offered belong among those of a workspace, and getting them there."""

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace

from comfydock_core.analyzers.model_files.header_reading import read_header
from comfydock_core.models.exceptions import (
    BusyError,
    ComfyDockError,
    ModelExists,
    ModelMismatch,
    ModelsDirectoryNotFound,
    PlaceUnclear,
    RemoteError,
)
from comfydock_core.models.model_files.downloads import (
    DownloadOutcome,
    DownloadPlan,
    DownloadRequest,
    DownloadResult,
    KeptDownload,
)
from comfydock_core.models.protocols import Reporter
from comfydock_core.records import record
from comfydock_core.repositories.model_index.model_index import open_model_index
from comfydock_core.services.model_downloads.kept_downloads import KeptDownloads
from comfydock_core.services.model_downloads.model_downloader import ModelDownloader, present
from comfydock_core.services.model_downloads.model_sources import ModelSources, Offer
from comfydock_core.services.model_downloads.part import Part, part_path, read_part
from comfydock_core.utils.file_names import safe_name
from comfydock_core.utils.files.digests import digests_of
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.files.file_states import is_unchanged

# ComfyUI's folders by what a header says a file is, where one belongs in one folder only.
_FOLDERS = {
    "checkpoint": "checkpoints",
    "clip vision": "clip_vision",
    "controlnet": "controlnet",
    "diffusion model": "diffusion_models",
    "embedding": "embeddings",
    "lora": "loras",
    "text encoder": "text_encoders",
    "upscaler": "upscale_models",
    "vae": "vae",
    "vae approximation": "vae_approx",
}
_FIRST_LOOK = 1 << 18
_LONGEST_HEADER = 32 << 20
_STOPS_WITHIN_SECONDS = 30.0
_LOOK_SECONDS = 0.1


@record
class DownloadWish:
    """What somebody asks for: addresses, and for all of them the place (`FOLDER` or `FOLDER/NAME`, below the models
    directory), the digest, and whether to link to the same content that lies elsewhere.
    """

    urls: tuple[str, ...]
    to: str | None = None
    sha256: str | None = None
    link: bool = False


class ModelDownloadManager:
    """Downloads into one models directory. `index` is the path of the index of models."""

    def __init__(
        self, directory: str, index: str, sources: ModelSources, downloader: ModelDownloader, kept: KeptDownloads
    ) -> None:
        self._directory = directory
        self._index = index
        self._sources = sources
        self._downloader = downloader
        self._kept = kept

    def plan(self, wish: DownloadWish, reporter: Reporter) -> list[DownloadPlan]:
        """Ask what is offered and decide where it goes. Raises `ModelsDirectoryNotFound`, `PlaceUnclear`,
        `ModelExists`, `ModelMismatch`, `InvalidSetting`, `ModelNotOffered`, `RemoteError`, `FileSystemError`.
        """
        if not os.path.isdir(self._directory):
            raise ModelsDirectoryNotFound(
                f"the models directory `{self._directory}` does not exist",
                hint="make it, or mount its disk again",
                context={"path": self._directory},
            )
        reporter.phase("Asking what is offered")
        with disk_errors("plan the download", self._directory):
            plans = [self._plan_one(url, wish) for url in dict.fromkeys(wish.urls)]
        paths = [plan.request.path for plan in plans]
        repeated = next((path for path in paths if paths.count(path) > 1), None)
        if repeated is not None:
            raise PlaceUnclear(
                f"two of the addresses would become `{repeated}`",
                hint="download them one after the other, each with `--to FOLDER/NAME`",
                context={"path": repeated},
            )
        return plans

    def download(self, plans: Sequence[DownloadPlan], reporter: Reporter) -> list[DownloadOutcome]:
        """Carry plans out, each for itself; Ctrl-C keeps what came."""
        fetched = [plan.request for plan in plans if plan.fetches]
        outcomes = (
            {one.request.path: one for one in self._downloader.download_all(fetched, reporter)} if fetched else {}
        )
        return [outcomes.get(plan.request.path) or self._settled(plan) for plan in plans]

    def kept(self) -> list[KeptDownload]:
        """The downloads that are under way or paused. Raises `FileSystemError`."""
        with disk_errors("read the list of downloads"):
            return self._kept.all()

    def find(self, names: Sequence[str]) -> list[KeptDownload]:
        """Those of some identifiers or names. Raises `DownloadNotFound`, `FileSystemError`."""
        with disk_errors("read the list of downloads"):
            return [self._kept.find(name) for name in names]

    def resume(self, names: Sequence[str], reporter: Reporter) -> list[DownloadOutcome]:
        """Go on with downloads, by identifier or name; without any, with all that are paused.

        Raises `DownloadNotFound`, `FileSystemError`.
        """
        found = self.find(names) or [one for one in self.kept() if one.state == "paused"]
        requests = list({one.request.path: one.request for one in found}.values())
        return self._downloader.download_all(requests, reporter) if requests else []

    def pause(self, names: Sequence[str]) -> list[KeptDownload]:
        """Stop downloads of other commands, or all of them. Raises `DownloadNotFound`, `BusyError`."""
        with disk_errors("pause the download"):
            found = [self._kept.find(name) for name in names] or self._kept.all()
            running = [one for one in found if one.state == "running"]
            for one in running:
                self._kept.wish_pause(one.identifier)
            return [self._stopped(one) for one in running]

    def cancel(self, names: Sequence[str]) -> list[KeptDownload]:
        """Give downloads up, and remove what came. Raises `DownloadNotFound`, `BusyError`, `FileSystemError`."""
        self.pause(names)
        with disk_errors("remove the download"):
            found = [self._kept.find(name) for name in names]
            for one in found:
                if one.state != "absent" and os.path.exists(part_path(one.request)):
                    part = Part(one.request)
                    part.discard()
                    part.close()
                self._kept.remove(one.request)
            return found

    def _stopped(self, download: KeptDownload) -> KeptDownload:
        end = time.monotonic() + _STOPS_WITHIN_SECONDS
        while time.monotonic() < end:
            now = next((one for one in self._kept.all() if one.identifier == download.identifier), None)
            if now is None or now.state != "running":
                return now or download
            time.sleep(_LOOK_SECONDS)
        raise BusyError(
            f"the command that downloads `{download.request.name}` does not stop",
            hint="stop it itself, with Ctrl-C",
            context={"download": download.identifier},
        )

    def _settled(self, plan: DownloadPlan) -> DownloadOutcome:
        """What needs no network."""
        try:
            with disk_errors(f"place `{plan.request.name}`", plan.request.folder):
                if plan.existing is None:
                    return DownloadOutcome(plan.request, self._downloader.settle(plan.request))
                return DownloadOutcome(plan.request, _linked(plan, plan.existing))
        except ComfyDockError as error:
            return DownloadOutcome(plan.request, error=error)

    def _plan_one(self, url: str, wish: DownloadWish) -> DownloadPlan:
        offer = self._sources.offer(url)
        sha256 = _agreed(offer, wish.sha256)
        folder, name = self._place(offer, wish.to, several=len(wish.urls) > 1)
        request = DownloadRequest(
            (offer.address,),
            f"{self._directory}/{folder}".rstrip("/"),
            name,
            size=offer.size,
            sha256=sha256,
            kind=offer.kind,
            source={"url": offer.noted, **offer.details},
        )
        plan = DownloadPlan(request, "download", _free(request.folder))
        if os.path.lexists(request.path):
            present(request)
            return replace(plan, action="present")
        elsewhere = self._same_content(request)
        if elsewhere is not None:
            return replace(plan, action="link" if wish.link else "elsewhere", existing=elsewhere)
        journal = read_part(part_path(request))
        if journal is not None and journal[2].total:
            return replace(plan, action="resume", done=journal[2].total)
        return plan

    def _same_content(self, request: DownloadRequest) -> str | None:
        """Another file with the digest that is expected, as far as the index knows it and the file is unchanged."""
        if request.sha256 is None:
            return None
        with open_model_index(self._index, to_write=False) as index:
            for place in index.locations_with(request.sha256):
                with contextlib.suppress(OSError):
                    if is_unchanged(place):
                        return place.full_path
        return None

    def _place(self, offer: Offer, to: str | None, *, several: bool) -> tuple[str, str]:
        """Folder and name. Raises `PlaceUnclear`."""
        folder, name = (None, None) if to is None else self._split(to, offer)
        if name is not None and several:
            raise PlaceUnclear("`--to` names one file, and there are several addresses", hint="name a folder only")
        name = name or offer.name
        if name is None:
            raise PlaceUnclear(
                "the address says nothing of how the file is called",
                hint="name it with `--to FOLDER/NAME`",
                context={"url": offer.address},
            )
        if folder is None:
            folder = offer.folder or self._folder_of_path(offer) or self._folder_of_header(offer)
        if folder is None:
            raise PlaceUnclear(
                f"it is not clear in which folder `{name}` belongs",
                hint="name it with `--to FOLDER`, for example `--to checkpoints` or `--to loras`",
                context={"name": name, "url": offer.address},
            )
        return folder, name

    def _split(self, to: str, offer: Offer) -> tuple[str, str | None]:
        """`--to` as folder and name: the last part is a name when it ends like the file and is no directory."""
        words = to.replace("\\", "/")
        parts = [part for part in words.split("/") if part not in ("", ".")]
        if words.startswith(("/", "~")) or ".." in parts or not parts or any(part != safe_name(part) for part in parts):
            raise PlaceUnclear(
                f"`{to}` is no place below the models directory",
                hint="`--to` takes a folder relative to it, such as `loras/flux`, without `..`",
                context={"to": to},
            )
        ending = os.path.splitext(parts[-1])[1].lower()
        offered = os.path.splitext(offer.name or "")[1].lower()
        is_name = bool(ending) and (not offered or ending == offered) and not words.endswith("/")
        if is_name and not os.path.isdir(f"{self._directory}/{'/'.join(parts)}"):
            if len(parts) == 1:
                raise PlaceUnclear(
                    f"`--to {to}` names a file but no folder", hint=f"for example `--to checkpoints/{to}`"
                )
            return "/".join(parts[:-1]), parts[-1]
        return "/".join(parts), None

    def _folder_of_path(self, offer: Offer) -> str | None:
        """A folder of the models directory that the file's repository has under the same name, if it is only one."""
        parts = offer.path.split("/")[:-1]
        there = {part for part in parts if safe_name(part) == part and os.path.isdir(f"{self._directory}/{part}")}
        return there.pop() if len(there) == 1 else None

    def _folder_of_header(self, offer: Offer) -> str | None:
        """By what the file's first bytes say it is, laid out as in the file itself."""
        if offer.size is None:
            return None
        with contextlib.suppress(RemoteError, OSError):
            start = self._sources.beginning(offer, min(_FIRST_LOOK, offer.size))
            whole = 8 + int.from_bytes(start[:8], "little")
            if len(start) < whole <= min(_LONGEST_HEADER, offer.size):
                start = self._sources.beginning(offer, whole)
            with tempfile.TemporaryDirectory() as directory:
                path = f"{directory}/{offer.name or 'model'}"
                with open(path, "wb") as file:
                    file.write(start)
                    file.truncate(offer.size)
                return _FOLDERS.get(read_header(path).kind or "")
        return None


def _agreed(offer: Offer, given: str | None) -> str | None:
    """The digest that is expected. Raises `ModelMismatch` when the host says another one."""
    if given is not None and offer.sha256 is not None and given != offer.sha256:
        raise ModelMismatch(
            f"`{offer.name}` has SHA-256 {offer.sha256} there, expected was {given}",
            hint="the address leads to another file, or the file was replaced there",
            context={"url": offer.noted, "expected": given, "found": offer.sha256},
        )
    return given or offer.sha256


def _linked(plan: DownloadPlan, existing: str) -> DownloadResult:
    """A link to the same content, or only the news of where it lies, after reading it once more."""
    found = digests_of(existing)
    if found.sha256 != plan.request.sha256:
        raise ModelMismatch(
            f"`{existing}` is not what the index says", hint="`comfydock model index sync` looks at it again"
        )
    if plan.action == "link":
        os.makedirs(plan.request.folder, exist_ok=True)
        _link(existing, plan.request)
    outcome = "linked" if plan.action == "link" else "elsewhere"
    return DownloadResult(plan.request, outcome, found.size, found.blake3, found.sha256, existing=existing)


def _link(existing: str, request: DownloadRequest) -> None:
    """A hard link, or a symbolic one to another file system."""
    try:
        try:
            os.link(existing, request.path)
        except FileExistsError:
            raise
        except OSError:
            os.symlink(existing, request.path)
    except FileExistsError:
        raise ModelExists(f"`{request.path}` exists", hint="name another place with `--to FOLDER/NAME`") from None


def _free(folder: str) -> int:
    """The bytes that are free where a folder is or will be."""
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    return shutil.disk_usage(folder).free
