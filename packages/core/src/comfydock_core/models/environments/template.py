"""What a new environment can be made from: the manifest of another, alone or in a bundle."""

from collections.abc import Mapping
from dataclasses import field

from comfydock_core.records import record


@record
class TemplateHistory:
    """The history that came with a definition: a repository of its own at `directory`, with nothing checked out.

    `commit` is what the files are of. `branch` is `None` for a detached head. `remote` is where it came from.
    """

    directory: str
    commit: str
    branch: str | None
    remote: str | None


@record
class Template:
    """A manifest, and the other files of the definition that came with it, by their path in it.

    `comfyui` is the commit of ComfyUI, or its version where the manifest has no commit. `manifest_text` has
    `[tool.comfydock]` whichever tool wrote it, and is empty for what is not a manifest of any. `development` are the
    files of development packs, by their path below `dev_nodes`. `passed_over` are members that no definition has.
    `carried` are large members by their path: where each lies, `None` where it was not unpacked. `executables` are the
    paths of programs among the files. `kept` are files that the repository of the definition has beside it. `taken` are
    directories of this machine that are copied along, by their paths in the environment.
    """

    path: str
    manifest: Mapping[str, object]
    manifest_text: str
    files: Mapping[str, bytes]
    development: Mapping[str, bytes]
    passed_over: tuple[str, ...]
    repository: str | None
    comfyui: str | None
    version: str | None
    version_type: str | None
    python: str | None
    carried: Mapping[str, str | None] = field(default_factory=dict)
    executables: frozenset[str] = frozenset()
    kept: Mapping[str, bytes] = field(default_factory=dict)
    history: TemplateHistory | None = None
    taken: Mapping[str, str] = field(default_factory=dict)
