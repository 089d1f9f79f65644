"""What ComfyUI's `extra_model_paths.yaml` says, as ComfyUI takes it."""

from comfydock_core.records import record


@record
class NamedPath:
    """One path of a section: ComfyUI's name for the folder, and the path as it is written."""

    folder: str
    path: str
    line: int


@record
class PathsSection:
    """One section. `base_path` is as it is written; `is_default` puts its directories before those that are there."""

    name: str
    line: int
    base_path: str | None
    is_default: bool
    paths: tuple[NamedPath, ...]


@record
class WrittenLines:
    """Where a section is written: from `first` up to but not including `end`, counted from 0."""

    section: str
    first: int
    end: int


@record
class ExtraModelPaths:
    """The whole file. `written` has every section as often as it stands there; `notes` are lines worth a look."""

    sections: tuple[PathsSection, ...]
    written: tuple[WrittenLines, ...] = ()
    notes: tuple[tuple[int, str], ...] = ()
