"""Sources of dynamic words. What cannot be read offers nothing."""

from comfydock_cli import system
from comfydock_cli.table import resolve

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from comfydock_core.core.environment import Environment
    from comfydock_core.core.workspace import Workspace

Words = list[tuple[str, str]]

# Stands alone among the candidates where a path belongs: the shell completes those better.
FILES = (":files", "")

_TORCH_BACKENDS = ("auto", "cpu", "cu118", "cu124", "cu126", "cu128", "cu130", "rocm6.4", "xpu", "none")


def dynamic_words(source: str, environment: str | None = None) -> Words:
    """The words of one source, as named in the table; `environment` is what the command line names so far."""
    return OF_ENVIRONMENT[source](environment) if source in OF_ENVIRONMENT else SOURCES[source]()


def _directories() -> Words:
    return [FILES]


def _torch_backends() -> Words:
    return [(backend, "") for backend in _TORCH_BACKENDS]


def _environments() -> Words:
    """The finished environments, by the same rules as `core.finding`, to which a test holds them.

    Not asked of the library: reading the stubs of its faces costs a start from source more than all else of a TAB.
    """
    home = system.getenv("HOME") or ""
    root = system.getenv("COMFYDOCK_HOME") or f"{home}/comfydock"
    directory = f"{home + root[1:] if root.startswith('~') else root}/environments"
    finished = system.entries_with(directory, ".cec/.complete")
    return [(name, "") for name in finished if not name.startswith(".")]


def _error_codes() -> Words:
    from comfydock_cli.generate.explanations import explanations

    return [(code, "") for code in explanations()]


def _help_subjects() -> Words:
    from comfydock_cli.generate.topics import TOPICS

    commands = [(word, "") for word in resolve.children(()) if word not in TOPICS]
    return commands + [(name, topic.summary) for name, topic in TOPICS.items()]


def _packs(environment: str | None) -> Words:
    """The node packs of an environment, of the active one for `None`."""
    return _of_environment(
        environment, lambda it: [(one.pack.identifier, one.pack.release.version) for one in it.packs()]
    )


def _own_packages(environment: str | None) -> Words:
    """What the user asks for, with the group: what node packs ask for goes with them."""
    return _of_environment(
        environment, lambda it: [(one.name, one.owner or "") for one in it.python_packages() if one.kind != "comfyui"]
    )


def _package_groups(environment: str | None) -> Words:
    def groups(it: "Environment") -> Words:
        return [(group, "") for group in dict.fromkeys(one.owner for one in it.python_packages()) if group is not None]

    return _of_environment(environment, groups)


def _constrained_packages(environment: str | None) -> Words:
    return _of_environment(
        environment, lambda it: [(one.name, one.constraint) for one in it.constraints() if one.kind == "user"]
    )


def _model_sections(environment: str | None) -> Words:
    """The sections of an environment's `extra_model_paths.yaml`, with their directories."""
    return _of_workspace(
        lambda it: [(section.name, section.base_path or "") for section in it.model_roots.sections(environment)]
    )


def _workflows(environment: str | None) -> Words:
    """The workflows of an environment; files are named as well."""
    return [*_of_workspace(lambda it: [(one.name, "") for one in it.workflows.all(environment)]), FILES]


def _workflow_names(environment: str | None) -> Words:
    """The workflows of an environment alone."""
    return _of_workspace(lambda it: [(one.name, "") for one in it.workflows.all(environment)])


def _workflow_classes(environment: str | None) -> Words:
    """The node classes that workflows of an environment use."""
    return _of_workspace(lambda it: [(name, "") for name in it.workflows.classes(environment)])


def _chosen_classes(environment: str | None) -> Words:
    """The node classes that a pack was chosen for."""
    return _of_workspace(lambda it: [(one.type, one.pack or "optional") for one in it.workflows.choices(environment)])


def _refs(environment: str | None) -> Words:
    """Branches and tags of an environment's history."""
    named = _of_workspace(lambda it: [(one.name, one.kind) for one in it.history.references(environment)])
    return [("HEAD", "the last commit"), *named]


def _comfyui_versions(environment: str | None) -> Words:
    """The releases that the environment's own checkout knows of: nobody is asked."""
    return _of_workspace(lambda it: [(name, "") for name in it.comfyui.known_releases(environment)])


def _branches(environment: str | None) -> Words:
    return _references(environment, "branch")


def _tags(environment: str | None) -> Words:
    return _references(environment, "tag")


def _references(environment: str | None, kind: str) -> Words:
    """Those of one kind, with the beginnings of their commits."""
    return _of_workspace(
        lambda it: [(one.name, one.commit[:8]) for one in it.history.references(environment) if one.kind == kind]
    )


def _remotes(environment: str | None) -> Words:
    return _of_workspace(lambda it: [(one.name, one.address) for one in it.remotes.all(environment)])


def _stashes(environment: str | None) -> Words:
    return _of_workspace(lambda it: [(str(one.number), one.subject) for one in it.moves.stashes(environment)])


def _model_places() -> Words:
    """The folders below the models directory, two levels deep."""
    import os

    def places(it: "Workspace") -> Words:
        root = it.config().models_directory or it.layout.models
        found = [one.name for one in os.scandir(root) if one.is_dir()]
        found += [f"{first}/{one.name}" for first in found for one in os.scandir(f"{root}/{first}") if one.is_dir()]
        return [(name, "") for name in sorted(found) if "/." not in f"/{name}"]

    return _of_workspace(places)


def _downloads() -> Words:
    return _of_workspace(lambda it: [(one.identifier, one.request.name) for one in it.downloads.kept()])


def _models() -> Words:
    """Indexed files, by their paths below their roots."""
    return _of_workspace(lambda it: it.models.names())


def _model_folders() -> Words:
    return _of_workspace(lambda it: [(name, "") for name in it.models.folders()])


def _of_environment(name: str | None, words: "Callable[[Environment], Words]") -> Words:
    """What somebody finds in an environment, in the active one for `None`."""
    return _of_workspace(lambda it: words(it.open_environment(name)))


def _of_workspace(words: "Callable[[Workspace], Words]") -> Words:
    """What somebody finds in the workspace."""
    from comfydock_core.core.workspace import Workspace
    from comfydock_core.models.exceptions import ComfyDockError

    try:
        return words(Workspace.find())
    except (ComfyDockError, OSError):
        return []


SOURCES = {
    "directories": _directories,
    "downloads": _downloads,
    "environments": _environments,
    "error_codes": _error_codes,
    "files": _directories,
    "help_subjects": _help_subjects,
    "model_folders": _model_folders,
    "model_places": _model_places,
    "models": _models,
    "torch_backends": _torch_backends,
}

OF_ENVIRONMENT = {
    "branches": _branches,
    "comfyui_versions": _comfyui_versions,
    "remotes": _remotes,
    "stashes": _stashes,
    "tags": _tags,
    "constrained_packages": _constrained_packages,
    "model_sections": _model_sections,
    "own_packages": _own_packages,
    "package_groups": _package_groups,
    "packs": _packs,
    "chosen_classes": _chosen_classes,
    "workflow_classes": _workflow_classes,
    "workflow_names": _workflow_names,
    "refs": _refs,
    "workflows": _workflows,
}
