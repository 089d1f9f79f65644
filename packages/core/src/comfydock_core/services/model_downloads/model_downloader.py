"""`ModelDownloader`: fetches files, several at once, and gives them their names when they are what was expected."""

import os
from collections.abc import Mapping, Sequence

from comfydock_core.clients.transport import Transport
from comfydock_core.clients.watching import Stopped
from comfydock_core.models.addresses import without_credentials
from comfydock_core.models.exceptions import ComfyDockError, DownloadPaused, ModelExists
from comfydock_core.models.model_files.downloads import DownloadLimits, DownloadOutcome
from comfydock_core.models.model_files.downloads import DownloadRequest as DownloadRequest
from comfydock_core.models.model_files.downloads import DownloadResult as DownloadResult
from comfydock_core.models.protocols import Reporter
from comfydock_core.services.model_downloads import judging
from comfydock_core.services.model_downloads.fetching import Credentials, Fetching, Ways
from comfydock_core.services.model_downloads.kept_downloads import KeptDownloads, identifier_of
from comfydock_core.services.model_downloads.pacing import Pace
from comfydock_core.services.model_downloads.part import Part, forget_journal, is_named
from comfydock_core.utils import interruption
from comfydock_core.utils.files.digests import Digests, digests_of
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.text import counted, size_text

_LOOK_SECONDS = 0.1
_PAUSE_LOOKS = 5


class ModelDownloader:
    """Downloads into folders that exist or are made. What was stopped is kept and taken up by the next download."""

    def __init__(
        self,
        transport: Transport,
        kept: KeptDownloads,
        *,
        credentials: Credentials | None = None,
        limits: DownloadLimits | None = None,
    ) -> None:
        """`credentials` gives the headers that say who asks, for one address and for no other host."""
        self._limits = limits or DownloadLimits()
        self._kept = kept
        pace = Pace(self._limits.bytes_a_second, self._limits.of_a_host)
        self._ways = Ways(transport, pace, credentials or _nobody, self._limits.connections)

    def download(self, request: DownloadRequest, reporter: Reporter) -> DownloadResult:
        """One file. Raises `ModelExists`, `ModelMismatch`, `DownloadBusy`, `DownloadPaused`, `ModelNotOffered`,
        `RemoteError` and its kinds, `FileSystemError`.
        """
        (outcome,) = self.download_all([request], reporter)
        if outcome.error is not None:
            raise outcome.error
        if outcome.result is None:
            raise RuntimeError("a download has a result or an error")
        return outcome.result

    def download_all(self, requests: Sequence[DownloadRequest], reporter: Reporter) -> list[DownloadOutcome]:
        """Several files, each for itself: one that fails does not keep the others. Ctrl-C stops all of them."""
        reporter.phase(_title(requests))
        waiting = list(requests)
        running: list[Fetching] = []
        outcomes: dict[int, DownloadOutcome] = {}
        looks = 0
        try:
            while waiting or running:
                while waiting and len(running) < self._limits.files:
                    request = waiting.pop(0)
                    begun = self._begun(request)
                    if isinstance(begun, DownloadOutcome):
                        outcomes[id(request)] = begun
                    else:
                        running.append(begun)
                        begun.start()
                for fetching in [one for one in running if one.is_over]:
                    running.remove(fetching)
                    outcomes[id(fetching.part.request)] = self._end(fetching, reporter)
                looks += 1
                if looks % _PAUSE_LOOKS == 0:
                    self._heed_pauses(running)
                _report(running, reporter)
                if running:
                    running[0].wait(_LOOK_SECONDS)
        finally:
            self._leave(running, reporter)
        return [outcomes[id(request)] for request in requests]

    def settle(self, request: DownloadRequest) -> DownloadResult:
        """Take the file that has the name already, if it is the right one. Raises `ModelExists`, `OSError`."""
        result = present(request)
        forget_journal(request)
        self._kept.remove(request)
        return result

    def _begun(self, request: DownloadRequest) -> Fetching | DownloadOutcome:
        """A download that is ready to start, or what became of it already."""
        try:
            with disk_errors(f"download `{request.name}`", request.folder):
                if os.path.lexists(request.path):
                    return DownloadOutcome(request, self.settle(request))
                os.makedirs(request.folder, exist_ok=True)
                part = Part(request)
                try:
                    self._kept.add(request)
                except BaseException:
                    part.close()
                    raise
                return Fetching(part, self._ways)
        except ComfyDockError as error:
            return DownloadOutcome(request, error=error)

    def _end(self, fetching: Fetching, reporter: Reporter) -> DownloadOutcome:
        """Check what came and give it its name."""
        fetching.join()
        _tell(fetching, reporter)
        request, part = fetching.part.request, fetching.part
        try:
            with disk_errors(f"download `{request.name}`", request.folder):
                if fetching.error is not None or fetching.digests is None:
                    error = self._failure(fetching)
                    _tell_kept(fetching, reporter)
                    return DownloadOutcome(request, error=error)
                return DownloadOutcome(request, self._settled(fetching, fetching.digests))
        except ComfyDockError as error:
            return DownloadOutcome(request, error=error)
        finally:
            part.close()
            if not os.path.lexists(part.path):
                self._kept.remove(request)

    def _settled(self, fetching: Fetching, digests: Digests) -> DownloadResult:
        part, request = fetching.part, fetching.part.request
        try:
            judging.refuse_other_content(request, digests)
        except ComfyDockError:
            part.discard()
            raise
        outcome = "downloaded"
        try:
            part.put_in_place()
        except FileExistsError:
            if digests_of(request.path) != digests:
                raise _in_the_way(request) from None
            part.discard()
            outcome = "present"
        return DownloadResult(request, outcome, digests.size, digests.blake3, digests.sha256, fetching.carried)

    def _failure(self, fetching: Fetching) -> ComfyDockError:
        error, name = fetching.error, fetching.part.request.name
        if isinstance(error, ComfyDockError):
            return error
        if isinstance(error, Stopped):
            return DownloadPaused(
                f"the download of `{name}` was paused by another command",
                hint=f"`comfydock download resume {identifier_of(fetching.part.request)}` goes on with it",
                context={"path": fetching.part.request.path, "done": fetching.part.there},
            )
        raise error if error is not None else RuntimeError("a download ended without a result")

    def _heed_pauses(self, running: Sequence[Fetching]) -> None:
        for fetching in running:
            if self._kept.is_pause_wished(fetching.part.request):
                fetching.stop()

    def _leave(self, running: Sequence[Fetching], reporter: Reporter) -> None:
        """What is still under way is stopped and kept."""
        with interruption.held():
            for fetching in running:
                fetching.stop()
            for fetching in running:
                fetching.join()
                part, request = fetching.part, fetching.part.request
                _tell_kept(fetching, reporter)
                part.close()
                if not os.path.lexists(part.path):
                    self._kept.remove(request)


def present(request: DownloadRequest) -> DownloadResult:
    """The file that has the name already, if it is the expected one. Raises `ModelExists`, `OSError`."""
    is_expected = request.sha256 is not None or request.blake3 is not None or is_named(request)
    if not is_expected or not os.path.isfile(request.path):
        raise _in_the_way(request)
    found = digests_of(request.path)
    if request.sha256 not in (None, found.sha256) or request.blake3 not in (None, found.blake3):
        raise _in_the_way(request)
    return DownloadResult(request, "present", found.size, found.blake3, found.sha256)


def _in_the_way(request: DownloadRequest) -> ModelExists:
    known = request.sha256 is not None or request.blake3 is not None
    return ModelExists(
        f"`{request.path}` exists" + (", with another content" if known else ""),
        hint="name another place with `--to FOLDER/NAME`"
        + ("" if known else ", or the digest with `--sha256`, to compare it with what is there"),
        context={"path": request.path},
    )


def _nobody(url: str) -> Mapping[str, str]:
    return {}


def _title(requests: Sequence[DownloadRequest]) -> str:
    if len(requests) == 1:
        return f"Downloading {requests[0].name} from {without_credentials(requests[0].urls[0])}"
    return f"Downloading {counted(len(requests), 'file')}"


def _tell(fetching: Fetching, reporter: Reporter) -> None:
    while fetching.notes:
        reporter.warn(f"{fetching.part.request.name}: {fetching.notes.pop(0)}")


def _tell_kept(fetching: Fetching, reporter: Reporter) -> None:
    """Say how to go on with what came."""
    if fetching.part.there:
        request = fetching.part.request
        reporter.warn(
            f"`{request.name}` is not whole: {_amount(fetching)} are kept;"
            f" `comfydock download resume {identifier_of(request)}` goes on"
        )


def _report(running: Sequence[Fetching], reporter: Reporter) -> None:
    for fetching in running:
        _tell(fetching, reporter)
    if not running:
        return
    sizes = [fetching.part.known.size for fetching in running]
    total = None if None in sizes else sum(size for size in sizes if size is not None)
    label = running[0].part.request.name if len(running) == 1 else counted(len(running), "file")
    reporter.progress(label, sum(fetching.part.there for fetching in running), total, "bytes")


def _amount(fetching: Fetching) -> str:
    size = fetching.part.known.size
    return size_text(fetching.part.there) + (f" of {size_text(size)}" if size is not None else "")
