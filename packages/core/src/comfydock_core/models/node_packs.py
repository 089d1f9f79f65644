"""Node packs: how one is named, what a source says of it, and what its code asks for."""

from dataclasses import dataclass

DISABLED = ".disabled"  # The end of a directory's name that ComfyUI passes over.


@dataclass(frozen=True, slots=True)
class PackReference:
    """A node pack as somebody named it.

    `kind` is `registry` (an `identifier` of the registry, perhaps a `version`), `git` (an `address`, perhaps a `ref`:
    a branch, a tag or a commit) or `directory` (an absolute `path` on this machine). `text` is what was written.
    """

    text: str
    kind: str
    identifier: str | None = None
    version: str | None = None
    address: str | None = None
    ref: str | None = None
    path: str | None = None


@dataclass(frozen=True, slots=True)
class PackRelease:
    """One version of a node pack, pinned, as a source or the manifest has it.

    `identifier` is its key in the manifest: the registry's identifier where it has one, else its name. `name` is its
    directory among the custom nodes. `source` is `registry`, `git` or `development`. `version` is the registry's
    version, a full commit, or `dev`. `branch` is the branch that a pack from git follows. `sha256` is the digest of the
    registry's archive, `None` until it was fetched once. `notes` are worth telling before it is added.
    """

    identifier: str
    name: str
    source: str
    version: str
    repository: str | None = None
    registry_id: str | None = None
    download_url: str | None = None
    branch: str | None = None
    sha256: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TrackedPack:
    """A node pack as the manifest has it. `requirements` are the lines of its dependency group.

    A pack that is not `enabled` stays in the manifest and in the lock; ComfyUI passes over its directory.
    """

    release: PackRelease
    requirements: tuple[str, ...] = ()
    enabled: bool = True

    @property
    def identifier(self) -> str:
        return self.release.identifier

    @property
    def is_development(self) -> bool:
        """Whether it is somebody's own work in progress, which nothing can fetch again."""
        return self.release.source == "development"

    @property
    def directory(self) -> str:
        """The name of its directory among the custom nodes."""
        return self.release.name if self.enabled else f"{self.release.name}{DISABLED}"


@dataclass(frozen=True, slots=True)
class ListedPack:
    """A tracked pack as it lies there. `state` is `present`, `disabled`, `linked` or `missing`.

    `found` is the version that lies there, where that is known to be another one than the manifest's.
    """

    pack: TrackedPack
    path: str
    state: str
    found: str | None = None


@dataclass(frozen=True, slots=True)
class PackContent:
    """The code of a release on this machine, complete and only to be read or copied.

    `directory` holds the pack's files, with the git repository of a pack from git. `fetched` are the bytes that came
    over the network for it now; 0 when it was in the cache. `missing` says in words what the pack needs and this
    machine could not get, such as the files of git LFS.
    """

    release: PackRelease
    directory: str
    fetched: int = 0
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PackRequirement:
    """One requirement of a pack: PEP 508 text, and where it stands (`file` relative to the pack, `line` from 1)."""

    text: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class PackRequirements:
    """What a pack asks for.

    `requirements` are installed with it, `constraints` only limit versions. `left_out` are requirements that are not
    followed, each with the reason (a protected package, say); `notes` are other things to tell, with file and line.
    """

    requirements: tuple[PackRequirement, ...] = ()
    constraints: tuple[PackRequirement, ...] = ()
    left_out: tuple[tuple[PackRequirement, str], ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CodeFinding:
    """Something in a pack's code that is worth a look before it runs. `kind` is stable, `message` for people."""

    kind: str
    file: str
    line: int
    message: str
