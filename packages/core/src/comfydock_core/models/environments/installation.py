"""A ComfyUI that was installed without ComfyDock, as it was found. `None` means that something is unknown."""

from dataclasses import field

from comfydock_core.records import record


@record
class Checkout:
    """A git checkout. `changed` are the tracked files that differ from the commit; `remote` is without credentials."""

    commit: str | None
    branch: str | None
    tag: str | None
    remote: str | None
    changed: tuple[str, ...] = ()


@record
class FoundPack:
    """A node pack. `kind` is `git`, `registry`, `directory`, `file`, or `empty` for a directory without any content.

    `name` is without the mark of a disabled one. `linked_to` is where it really lies when it is a link. `repository_at`
    is where its git repository lies when that is elsewhere, as that of a worktree or a submodule is; `damage` says what
    is wrong with it. `links` are paths in it that lead to other places of the installation.
    """

    name: str
    path: str
    kind: str
    enabled: bool = True
    checkout: Checkout | None = None
    registry_id: str | None = None
    version: str | None = None
    linked_to: str | None = None
    repository_at: str | None = None
    damage: str | None = None
    links: tuple[str, ...] = ()


@record
class FoundEntry:
    """Something among the custom nodes that is not a node pack.

    `kind` is `comfyui` for what its checkout brings, `cache`, `broken-link`, `hidden`, `file`, or `special`
    for what is neither file nor directory.
    """

    path: str
    kind: str


@record
class FoundDistribution:
    """An installed Python package. `origin` is the address it came from when that was not an index.

    `requires` are the requirements in its metadata, as they are written there.
    """

    name: str
    version: str
    origin: str | None = None
    editable: bool = False
    requires: tuple[str, ...] = ()


@record
class FoundPython:
    """The Python that it runs with: a virtual environment, or the one that a portable folder carries."""

    path: str
    version: str | None
    portable: bool
    distributions: tuple[FoundDistribution, ...]


@record
class FoundFiles:
    """A directory with its content counted. `path` is where it really lies; `links` are directories elsewhere in it."""

    path: str
    files: int
    bytes: int
    links: tuple[str, ...] = ()


@record
class FoundRoot:
    """A directory of models that `extra_model_paths.yaml` names in a section, with the files in its folders counted.

    `fixed` says that it is named by its whole path, so that the file means the same elsewhere.
    """

    path: str
    section: str
    folders: tuple[str, ...]
    files: int
    bytes: int
    there: bool = True
    fixed: bool = True


@record
class Unidentified:
    """What was found and cannot be told exactly, and why."""

    name: str
    reason: str


@record
class Installation:
    """Everything that was found. Workflows are relative to `comfyui`, the directory of `main.py`.

    `model_roots` are what `extra_model_paths` names, `model_paths_fault` what keeps ComfyUI from reading it.
    `untracked` are names in it that git does not know, and that belong to nothing else here.
    """

    path: str
    comfyui: str
    portable: bool
    version: str | None
    checkout: Checkout | None
    packs: tuple[FoundPack, ...] = ()
    entries: tuple[FoundEntry, ...] = ()
    python: FoundPython | None = None
    workflows: tuple[str, ...] = ()
    models: FoundFiles | None = None
    extra_model_paths: str | None = None
    model_roots: tuple[FoundRoot, ...] = ()
    model_paths_fault: str | None = None
    input: FoundFiles | None = None
    output: FoundFiles | None = None
    untracked: tuple[str, ...] = ()
    unidentified: tuple[Unidentified, ...] = field(default=())
