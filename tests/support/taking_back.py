"""Changes of one environment through the library: what it holds, that a refusal leaves it alone, and taking back."""

from collections.abc import Callable
from pathlib import Path

import pytest

from comfydock_core.core.workspace import Workspace
from comfydock_core.models.exceptions import ComfyDockError
from comfydock_core.models.operation import Initiator
from comfydock_core.utils.reporting import SilentReporter
from tests.support.sessions import tree


def content(workspace: Workspace, name: str = "demo") -> dict[str, object]:
    """Everything of the environment, but what git writes anew whenever somebody looks."""
    found = tree(Path(workspace.environment(name).root))
    return {path: one for path, one in found.items() if not path.endswith(".git/index")}


def refused_change(workspace: Workspace, change: Callable[[], object], name: str = "demo") -> ComfyDockError:
    """The error of a change that is refused, after seeing that nothing of the environment changed."""
    before = content(workspace, name)
    with pytest.raises(ComfyDockError) as caught:
        change()
    assert content(workspace, name) == before
    return caught.value


def undo(workspace: Workspace, name: str = "demo") -> None:
    """Take back the last change of the environment."""
    operations = workspace.operations(name, workspace=False)
    operations.undo(operations.plan_undo(None), Initiator(("undo",)), SilentReporter())
