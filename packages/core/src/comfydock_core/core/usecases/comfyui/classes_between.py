"""Which node classes of ComfyUI's own come and go between two commits, and which workflows use those that go."""

import tempfile

from comfydock_core import analyzers
from comfydock_core.analyzers.code.class_files import OF_THE_EDITOR, STOCK_FILE, files_of_comfyui
from comfydock_core.analyzers.code.remembered_classes import RememberedClasses
from comfydock_core.analyzers.workflows.workflow_nodes import read_workflows
from comfydock_core.caching.answer_cache import AnswerCache
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.integrations.git.trees import read_tree, write_files
from comfydock_core.models.environments.comfyui import ClassChanges
from comfydock_core.models.protocols import Reporter

_PARTS = ("comfy_extras/", "comfy_api_nodes/")


def classes_between(
    layout: EnvironmentLayout, workspace: WorkspaceLayout, repository: str, commit: str, reporter: Reporter
) -> ClassChanges:
    """Compare what is checked out with a commit that `repository` has; its code is read, never run.

    Raises `HistoryDamaged`, `GitFailed`, `OSError`.
    """
    before = RememberedClasses(layout.comfyui, AnswerCache(workspace.answers), reporter).of_comfyui().names
    after = _classes_at(repository, commit) | OF_THE_EDITOR
    gone = before - after
    workflows, _ = read_workflows(layout.workflows)
    used = {one.name: tuple(sorted({use.type for use in one.uses} & gone)) for one in workflows}
    return ClassChanges(
        tuple(sorted(after - before)), tuple(sorted(gone)), {name: found for name, found in used.items() if found}
    )


def _classes_at(repository: str, commit: str) -> frozenset[str]:
    with tempfile.TemporaryDirectory(prefix="comfydock-classes-") as place:
        files = {path: file for path, file in read_tree(repository, commit).items() if _defines_classes(path)}
        write_files(repository, {f"{place}/{path}": file for path, file in files.items()})
        return frozenset(analyzers.CustomNodeScanner(place).read(files_of_comfyui(place)).names)


def _defines_classes(path: str) -> bool:
    if path in ("nodes.py", f"custom_nodes/{STOCK_FILE}"):
        return True
    return path.endswith(".py") and path.startswith(_PARTS)
