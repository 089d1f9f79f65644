"""Node packs: how one is named, what a source says of it, and what its code asks for."""

from comfydock_core.models.environment import NotedImport
from comfydock_core.models.shared import NodeInfo, NodePackage
from comfydock_core.records import record


@record
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


@record
class ListedPack:
    """A tracked pack as it lies there. `state` is `present`, `disabled`, `linked` or `missing`.

    `found` is the version that lies there, where that is known to be another one than the manifest's. `last_import` is
    what ComfyUI said of it when it last started, `changed_files` are those that are known not to be as they came.
    """

    pack: NodePackage
    path: str
    state: str
    found: str | None = None
    last_import: NotedImport | None = None
    changed_files: tuple[str, ...] = ()


@record
class PackContent:
    """The code of a release on this machine, complete and only to be read or copied.

    `directory` holds the pack's files, with the git repository of a pack from git. `fetched` are the bytes that came
    over the network for it now; 0 when it was in the cache. `missing` says in words what the pack needs and this
    machine could not get, such as the files of git LFS.
    """

    release: NodeInfo
    directory: str
    fetched: int = 0
    missing: tuple[str, ...] = ()


@record
class PackRequirement:
    """One requirement of a pack: PEP 508 text, and where it stands (`file` relative to the pack, `line` from 1)."""

    text: str
    file: str
    line: int


@record
class PackRequirements:
    """What a pack asks for.

    `requirements` are installed with it, `constraints` only limit versions. `left_out` are requirements that are not
    followed, each with the reason (a protected package, say); `notes` are other things to tell, with file and line.
    """

    requirements: tuple[PackRequirement, ...] = ()
    constraints: tuple[PackRequirement, ...] = ()
    left_out: tuple[tuple[PackRequirement, str], ...] = ()
    notes: tuple[str, ...] = ()


@record
class CodeFinding:
    """Something in a pack's code that is worth a look before it runs. `kind` is stable, `message` for people."""

    kind: str
    file: str
    line: int
    message: str
