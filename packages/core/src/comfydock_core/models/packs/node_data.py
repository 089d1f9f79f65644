"""What is known about node packs from lists: packs, the node classes that they define, and the state of those lists."""

from dataclasses import asdict

from comfydock_core.records import record

# Why a listed pack cannot be added.
SINGLE_FILE = "single-file"
ARCHIVE = "archive"
BAD_ADDRESS = "bad-address"
REFUSALS = {
    SINGLE_FILE: "it is a single file, not a repository",
    ARCHIVE: "it is an archive outside of the registry, not a repository",
    BAD_ADDRESS: "its address is none that git understands",
}


@record
class KnownVersion:
    """One published version of a pack. `dependencies` are requirements as the registry keeps them."""

    version: str
    download_url: str | None = None
    deprecated: bool = False
    dependencies: tuple[str, ...] = ()


@record
class KnownPack:
    """One pack of the lists.

    `identifier` is the registry's, the Manager's, `github_<owner>_<repository>`, or the address where there is nothing
    else. `source` is `registry` or `manager`. `versions` are as listed, newest not necessarily first. `refusal` is one
    of `REFUSALS` when the pack is listed but cannot be added. `updated` is when its repository last changed, in Unix
    seconds. Of its `classes` on the lists `copied` are at home in `copied_from` other packs, which are better known.
    """

    identifier: str
    name: str
    source: str
    description: str = ""
    author: str = ""
    repository: str | None = None
    stars: int | None = None
    versions: tuple[KnownVersion, ...] = ()
    refusal: str | None = None
    updated: float | None = None
    classes: int = 0
    copied: int = 0
    copied_from: int = 0


@record
class SourceState:
    """One list on this machine.

    `fetched_at` and `checked_at` are Unix seconds. `problem` is why it cannot be used, `skipped` how many of its
    entries cannot.
    """

    name: str
    url: str
    path: str
    present: bool
    size: int = 0
    version: str | None = None
    fetched_at: float | None = None
    checked_at: float | None = None
    problem: str | None = None
    skipped: int = 0

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


@record
class DataState:
    """All lists, what they hold together, and whether they were last checked too long ago.

    `age` is in seconds, of the list that was checked longest ago. `counts` is empty while there is no list.
    """

    sources: tuple[SourceState, ...]
    counts: dict[str, int]
    age: float | None
    stale: bool

    @property
    def present(self) -> bool:
        return any(source.present and source.problem is None for source in self.sources)

    def as_dict(self) -> dict[str, object]:
        return {
            "sources": [source.as_dict() for source in self.sources],
            "counts": self.counts,
            "age_seconds": None if self.age is None else round(self.age),
            "stale": self.stale,
        }


@record
class SourceOutcome:
    """What fetching one list came to: `updated`, `unchanged` or `failed`. `size` is of the list, in bytes."""

    name: str
    url: str
    outcome: str
    size: int = 0
    error: str | None = None
    code: str | None = None

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


@record
class PackHit:
    """One answer to a search. `classes` are those of its node classes that the words were found in."""

    pack: KnownPack
    score: float
    classes: tuple[str, ...] = ()
    installed: bool = False

    def as_dict(self) -> dict[str, object]:
        pack = self.pack
        return {
            "id": pack.identifier,
            "name": pack.name,
            "description": pack.description,
            "author": pack.author,
            "repository": pack.repository,
            "stars": pack.stars,
            "source": pack.source,
            "installed": self.installed,
            "refusal": pack.refusal,
            "classes": list(self.classes),
            "score": round(self.score, 3),
        }
