"""What a new environment sees of models, in a sentence and as data."""

from comfydock_core.core.workspace import Workspace
from comfydock_core.models.exceptions import EnvironmentBroken, FileSystemError, ModelPathsInvalid
from comfydock_core.utils.text import counted


def models_seen(workspace: Workspace, name: str) -> tuple[dict[str, object] | None, str]:
    """The files and directories that its ComfyUI would list; the sentence alone where that cannot be told."""
    try:
        roots = workspace.model_roots.overview(name).roots
    except (EnvironmentBroken, FileSystemError, ModelPathsInvalid) as error:
        return None, f"which models it sees is unknown: {error.message}"
    files, absent = sum(root.files for root in roots), [root.path for root in roots if not root.present]
    said = f"it sees {counted(files, 'model')} in {counted(len(roots), 'place')}"
    if absent:
        said += f", {len(absent)} of which {'is' if len(absent) == 1 else 'are'} not there: {', '.join(absent)}"
    return {"files": files, "roots": len(roots), "absent": absent}, said
