"""What is to be downloaded, and what came of it."""

from dataclasses import field

from comfydock_core.models.exceptions import ComfyDockError
from comfydock_core.records import record


@record
class DownloadRequest:
    """One file to fetch: `urls` are addresses of the same file, tried in turn; it becomes `folder`/`name`.

    What is known of it beforehand is compared with what comes: `size` and digests in lower-case hexadecimal digits.
    `source` is what is remembered of where it came from; `kind` names the place: `huggingface`, `civitai`, `github`,
    `modelscope` or `url`. None of it holds secrets: they are added when a request goes out.
    """

    urls: tuple[str, ...]
    folder: str
    name: str
    size: int | None = None
    sha256: str | None = None
    blake3: str | None = None
    kind: str = "url"
    source: dict[str, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Where the file will lie."""
        return f"{self.folder}/{self.name}"


@record
class DownloadPlan:
    """What a download will do. `action` is `download`; `resume`, with `done` bytes there; `link`; or nothing at all:
    `present` when the file is there, `elsewhere` when the same content is at another place.

    `existing` is that place, for a link too. `free` are the bytes that are free on the disk.
    """

    request: DownloadRequest
    action: str
    free: int
    done: int = 0
    existing: str | None = None

    @property
    def fetches(self) -> bool:
        """Whether the network is needed for it."""
        return self.action in ("download", "resume")

    def as_dict(self) -> dict[str, object]:
        """For `--json`."""
        return {
            "action": self.action,
            "path": self.request.path,
            "name": self.request.name,
            "url": self.request.urls[0],
            "kind": self.request.kind,
            "size": self.request.size,
            "sha256": self.request.sha256,
            "done": self.done,
            "existing": self.existing,
            "free": self.free,
        }


@record
class DownloadResult:
    """A file that is there now.

    `outcome` is `downloaded`; `present` when it was there already, with the same content; `linked`; or `elsewhere` when
    the same content lies at another place, `existing`. `carried` are the bytes that the network carried for it this
    time.
    """

    request: DownloadRequest
    outcome: str
    size: int
    blake3: str
    sha256: str
    carried: int = 0
    existing: str | None = None

    def as_dict(self) -> dict[str, object]:
        """For `--json`."""
        return {
            "path": self.request.path,
            "outcome": self.outcome,
            "size": self.size,
            "blake3": self.blake3,
            "sha256": self.sha256,
            "url": self.request.urls[0],
            "kind": self.request.kind,
            "carried": self.carried,
            "existing": self.existing,
        }


@record
class DownloadOutcome:
    """What became of one request: a result, or the error."""

    request: DownloadRequest
    result: DownloadResult | None = None
    error: ComfyDockError | None = None


@record
class DownloadLimits:
    """How wide and how fast: connections for one file and for one host, files at once, bytes a second."""

    connections: int = 4
    of_a_host: int = 8
    files: int = 3
    bytes_a_second: int | None = None


@record
class KeptDownload:
    """A download that is under way or was stopped. `state` is `running`, `paused`, or `absent` when its disk is."""

    identifier: str
    request: DownloadRequest
    state: str
    done: int
    size: int | None

    def as_dict(self) -> dict[str, object]:
        """For `--json`."""
        return {
            "id": self.identifier,
            "path": self.request.path,
            "url": self.request.urls[0],
            "state": self.state,
            "done": self.done,
            "size": self.size,
        }
