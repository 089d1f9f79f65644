"""Bundles: what is in the file, what it says of itself, and how one is asked for, read and made an environment of."""

from collections.abc import Mapping, Sequence
from dataclasses import field

from comfydock_core.models.committing import Gap
from comfydock_core.models.environments.creation import CreationPlan
from comfydock_core.models.environments.template import Template
from comfydock_core.models.foreign import ForeignDefinition, OpenPoint
from comfydock_core.records import record

FORMAT = 1

# Members that are not part of a definition.
BUNDLE_MANIFEST = "comfydock.json"
SIGNATURE = "comfydock.json.sig"
HISTORY = "history.bundle"
PACKS = "packs/"
MODELS = "models/"
WHEELS = "wheels/"
DEVELOPMENT = "dev_nodes/"

# What a signature says it is for; it counts for nothing else.
NAMESPACE = "comfydock"


@record
class MemberDigest:
    """What a member must be: its content, and whether it is a program."""

    sha256: str
    size: int
    executable: bool = False


@record
class NeededModel:
    """A model that workflows need, by ComfyUI's folder and the name in it, with what is known of its content.

    `hint` is the sampled hash of ComfyDock 1.x or ComfyGit, which proves nothing.
    """

    folder: str
    name: str
    size: int | None = None
    blake3: str | None = None
    sha256: str | None = None
    sources: tuple[str, ...] = ()
    workflows: tuple[str, ...] = ()
    hint: str | None = None

    @property
    def place(self) -> str:
        """The folder and the name as one path."""
        return f"{self.folder}/{self.name}" if self.folder else self.name

    def as_dict(self) -> dict[str, object]:
        """For `--json`, and for the manifest of a bundle."""
        return {
            "folder": self.folder,
            "name": self.name,
            "size": self.size,
            "blake3": self.blake3,
            "sha256": self.sha256,
            "sources": list(self.sources),
            "workflows": list(self.workflows),
        }


@record
class HistoryTip:
    """Where the history that a bundle carries ends. `branch` is `None` for a detached head."""

    commit: str
    branch: str | None


@record
class BundleManifest:
    """What a bundle of ours says of itself, in `comfydock.json`.

    `members` are all others but the signature. `missing` is what nobody could rebuild elsewhere. `needs` are the node
    packs that each workflow needs, by their identifiers.
    """

    members: Mapping[str, MemberDigest]
    missing: tuple[Gap, ...] = ()
    needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    models: tuple[NeededModel, ...] = ()
    history: HistoryTip | None = None


@record
class ExportRequest:
    """How to export. `target` is a file, a directory, `-` for standard output, `None` for a name of the day here.

    `sign` is the path of a key. With `allow_issues` workflows may lack something, and models may be without a source.
    Without `look_for_issues` nobody wants to know what workflows lack, which takes long to find out.
    """

    target: str | None = None
    with_models: bool = False
    with_packs: bool = False
    with_wheels: bool = False
    with_history: bool = False
    sign: str | None = None
    allow_issues: bool = False
    look_for_issues: bool = True


@record
class BundleSource:
    """A member to be: a `path` on the disk, its `content`, or the `url` that it has to be fetched from first."""

    name: str
    digest: MemberDigest
    path: str | None = None
    content: bytes | None = None
    url: str | None = None


@record
class ExportPlan:
    """A bundle that only has to be written. `target` is the file, `None` for standard output.

    `left_out` are files that bundles do not carry, each with the reason. `issues` are workflows that lack something.
    """

    name: str
    commit: str
    target: str | None
    members: tuple[BundleSource, ...]
    manifest: BundleManifest
    manifest_content: bytes
    sign: str | None
    models_without_sources: tuple[NeededModel, ...]
    issues: tuple[tuple[str, str], ...]
    left_out: tuple[tuple[str, str], ...]

    @property
    def size(self) -> int:
        """The bytes of all members before they are compressed."""
        return sum(member.digest.size for member in self.members)


@record
class ExportedBundle:
    """A bundle that was written: its bytes, the SHA-256 of the file, and how many members it has."""

    target: str | None
    size: int
    sha256: str
    members: int


@record
class Signer:
    """Who signed a bundle. `name` is what the list of signers calls the key, `None` where it is in no list."""

    name: str | None
    key: str


@record
class Verification:
    """What was verified of a bundle: `digests` is `False` for a bundle of ComfyDock 1.x or ComfyGit, which has none."""

    members: int
    size: int
    digests: bool
    signer: Signer | None
    signed: bool


@record
class SharedPack:
    """A node pack in a bundle. `carried` says that its code is in it; without `obtainable` nobody can fetch it."""

    identifier: str
    source: str
    version: str
    place: str | None
    carried: bool
    obtainable: bool
    workflows: tuple[str, ...] = ()


@record
class SharedModel:
    """A model in a bundle. `here` is the file of this workspace that holds it, `None` without one."""

    model: NeededModel
    carried: bool
    here: str | None
    same_content: bool


@record
class SharedContents:
    """What is in a bundle, a manifest or a repository, and what is missing for it here.

    `packages` are those of the lock with their versions, `wheels` the files of some of them that are in the bundle.
    `passed_over` are members that no definition has.
    """

    path: str
    comfyui: str | None
    commit: str | None
    repository: str | None
    python: str | None
    packs: tuple[SharedPack, ...]
    packages: Mapping[str, str]
    backends: tuple[str, ...]
    workflows: tuple[str, ...]
    models: tuple[SharedModel, ...]
    missing: tuple[Gap, ...]
    patches: tuple[str, ...]
    history: HistoryTip | None
    passed_over: tuple[str, ...]
    wheels: tuple[str, ...] = ()

    @property
    def recommended_models(self) -> str:
        """Which models to fetch: `required` where some have no source, `skip` where none is to be fetched."""
        wanted = [one for one in self.models if one.here is None and not one.carried]
        if any(not one.model.sources for one in wanted):
            return "required"
        return "all" if wanted else "skip"


@record
class ImportRequest:
    """What to import, and how. `source` is a bundle, a manifest, a directory or a git repository.

    `ref` is a branch, a tag or a commit of a repository, `repository` where to take ComfyUI from instead of what the
    definition says. `signers` is a file of those who may sign.
    """

    source: str
    name: str
    ref: str | None = None
    repository: str | None = None
    torch_backend: str = "auto"
    use: bool = False
    require_signed: bool = False
    signers: str | None = None
    keep_going: bool = False


@record
class ForeignImport:
    """What another tool wrote down, what it leaves open, and the packs that cannot be found, with the reasons."""

    definition: ForeignDefinition
    open: tuple[OpenPoint, ...] = ()
    missing: Mapping[str, str] = field(default_factory=dict)


@record
class ImportPlan:
    """A new environment from somebody else's definition, inspected and resolved.

    `foreign` is what another tool wrote down, if it did.
    """

    creation: CreationPlan
    contents: SharedContents
    verification: Verification | None
    template: Template
    manifest: BundleManifest | None = None
    foreign: ForeignImport | None = None


@record
class ImportOutcome:
    """What was imported. `missing_packs` and `models_not_placed` are what could not be had, the latter with reasons.

    `open` is what the definition of another tool leaves open.
    """

    directory: str
    missing_packs: tuple[str, ...]
    models_placed: tuple[str, ...]
    models_not_placed: tuple[tuple[str, str], ...]
    workflows: Sequence[str]
    open: tuple[OpenPoint, ...] = ()


@record
class FoundWorkspace:
    """A workspace of ComfyDock 1.x or ComfyGit: the directories of its environments by their names, and its models.

    `unfinished` are environments that were never completed.
    """

    path: str
    environments: Mapping[str, str]
    unfinished: tuple[str, ...]
    models: str | None
    indexes: tuple[str, ...]
