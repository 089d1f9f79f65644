"""Getting the wheels that a lock names, as they lie at their indexes."""

from comfydock_core.clients.answers import length_of, shown
from comfydock_core.clients.transport import Transport
from comfydock_core.models.exceptions import HashMismatch, UnusableAnswer
from comfydock_core.models.protocols import Reporter
from comfydock_core.models.sharing import BundleSource


class WheelFetcher:
    """Fetches wheels without a login; indexes that ask for one refuse them."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def size(self, url: str) -> int:
        """How many bytes a file has, by what its server says. Raises `RemoteError`."""
        with self._transport.opened(url) as stream:
            size = length_of(stream.answer) if stream.answer.status == 200 else None
            if size is None:
                raise UnusableAnswer(
                    f"`{shown(url)}` does not say how large it is (status {stream.answer.status})",
                    hint="leave `--with-wheels` out",
                    context={"url": shown(url), "status": stream.answer.status},
                )
            return size

    def fetch(self, wheel: BundleSource, place: str, reporter: Reporter) -> None:
        """Fetch what is going to be a member into a file. Raises `HashMismatch`, `RemoteError`, `OSError`."""
        assert wheel.url is not None
        name = wheel.name.rpartition("/")[2]

        def heard(done: int, total: int | None) -> None:
            reporter.progress(f"Fetching {name}", done, total, "bytes")

        found = self._transport.download(wheel.url, place, on_progress=heard, max_bytes=wheel.digest.size)
        if found.sha256 != wheel.digest.sha256:
            raise HashMismatch(
                f"`{shown(wheel.url)}` is not the file that is locked",
                hint="run the command again; if it fails again, find out what changed on the index",
                context={"url": shown(wheel.url), "expected": wheel.digest.sha256, "found": found.sha256},
            )
