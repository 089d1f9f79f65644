"""Mirrors: directories with everything that environments need on a machine without a network."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from comfydock_core.records import record

FORMAT = 1
MANIFEST = "mirror.json"

# What lies where in a mirror.
ENVIRONMENTS = "environments/"
PACKS = "packs/"
HISTORIES = "git/"
PACKAGES = "uv/"
PYTHONS = "python/"
ANSWERS = "answers/"
LISTS = "lists/"
MODELS = "models/"

# Which models a mirror has.
NO_MODELS = "none"
REQUIRED_MODELS = "required"
ALL_MODELS = "all"


@record
class MirrorFile:
    """What a file must be. `time` is when a server said it, in seconds since 1970, for answers and lists."""

    sha256: str
    size: int
    executable: bool = False
    time: int | None = None


@record
class MirroredEnvironment:
    """An environment whose last commit is in the mirror, as a bundle with its history."""

    commit: str
    python: str


@record
class MirroredRepository:
    """A history: `parts` are files of `git bundle`, each on top of those before; `references` are what they end in."""

    head: str | None
    references: Mapping[str, str]
    parts: tuple[str, ...]


@record
class MirroredPack:
    """The archive of a node pack's release, `packs/<sha256>`, and its address, if that is no secret."""

    name: str
    version: str
    url: str | None
    sha256: str


@record
class MirroredModel:
    """A model, `models/<blake3>`, and its path below a models directory."""

    path: str
    blake3: str


@record
class MirroredPython:
    """An installation of Python that uv manages, `python/<its name>/`, and its symbolic links by their paths there."""

    links: Mapping[str, str]


@dataclass(slots=True)
class MirrorContents:
    """What a mirror says of itself, in `mirror.json`.

    `links` are names in uv's cache that stand for an unpacked package, by the path below its root. `locks` are digests
    of the definitions whose packages are all there. `uv` is the version of uv that made them. `pythons` are by the
    names that uv gives to installations.
    """

    files: dict[str, MirrorFile] = field(default_factory=dict)
    environments: dict[str, MirroredEnvironment] = field(default_factory=dict)
    repositories: dict[str, MirroredRepository] = field(default_factory=dict)
    packs: dict[str, MirroredPack] = field(default_factory=dict)
    models: dict[str, MirroredModel] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    locks: set[str] = field(default_factory=set)
    uv: str | None = None
    pythons: dict[str, MirroredPython] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """The bytes of all files."""
        return sum(one.size for one in self.files.values())


@record
class MirrorRequest:
    """What to put into a mirror: some environments, all without names; `models` is `none`, `required` or `all`."""

    directory: str
    environments: tuple[str, ...] = ()
    models: str = NO_MODELS


@record
class MirrorPlan:
    """What a mirror lacks of some environments: node packs as `name version`, repositories of which it has no history
    yet, commits whose packages it does not have, as `environment commit`, and installations of Python, as uv calls
    them."""

    directory: str
    environments: tuple[str, ...]
    packs: tuple[str, ...]
    repositories: tuple[str, ...]
    definitions: tuple[str, ...]
    pythons: tuple[str, ...]


@record
class MirrorExport:
    """What an export came to. `added` counts files and their bytes by what they are; `lacking` is in no mirror, each
    with the reason, `notes` are worth knowing on the other machine."""

    directory: str
    environments: tuple[str, ...]
    added: Mapping[str, tuple[int, int]]
    files: int
    size: int
    lacking: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


@record
class MirrorVerification:
    """A mirror in which everything is as it is listed."""

    directory: str
    files: int
    size: int
    environments: tuple[str, ...]


@record
class MirrorImport:
    """What a workspace took from a mirror, counted by what it is: files and their bytes. `bundles` are the files of
    environments in the mirror, by the names of these."""

    directory: str
    added: Mapping[str, tuple[int, int]]
    bundles: Mapping[str, str]
    notes: tuple[str, ...]
