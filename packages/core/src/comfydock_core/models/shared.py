"""Values that several subjects share: node packs, pinned and as the manifest has them, and sources of models."""

from comfydock_core.records import record

DISABLED = ".disabled"  # The end of a directory's name that ComfyUI passes over.


@record
class NodeInfo:
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


@record
class NodePackage:
    """A node pack as the manifest has it. `requirements` are the lines of its dependency group.

    A pack that is not `enabled` stays in the manifest and in the lock; ComfyUI passes over its directory.
    """

    release: NodeInfo
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


@record
class ModelSourceResult:
    """A place that a model can be downloaded from. `kind` is `civitai`, `huggingface` or `url`.

    `matched` says what makes it the same content: `sha256` or `blake3` when the place itself names the digest, `noted`
    when the index remembers the address. `page` is what people look at.
    """

    url: str
    kind: str
    matched: str
    name: str | None = None
    page: str | None = None

    def as_dict(self) -> dict[str, object]:
        """For `--json`."""
        return {"url": self.url, "kind": self.kind, "matched": self.matched, "name": self.name, "page": self.page}
