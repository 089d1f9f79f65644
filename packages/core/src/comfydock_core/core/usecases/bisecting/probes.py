"""How a state is tried: ComfyUI imports its packs, a workflow runs there, or a command of the user's says so."""

import os
import subprocess
import tempfile
from collections.abc import Sequence

from comfydock_core.analyzers.packages.virtual_environment import venv_python
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.usecases.nodes.verifying import verify_packs
from comfydock_core.core.usecases.workflows.checking_all import check_workflows
from comfydock_core.managers.workflow_manager import WorkflowManager
from comfydock_core.models.exceptions import ComfyDockError, ComfyUIEnded, InvalidSetting, WorkflowNotFound
from comfydock_core.models.history.bisecting import BAD, GOOD, SKIPPED, Verdict
from comfydock_core.utils.child_environment import child_environment, without_python_settings
from comfydock_core.utils.reporting import SilentReporter

# As with `git bisect run`: this state cannot be tried.
_UNTESTABLE = 125
_OF_SHELLS = 128
_LAST_LINES = 3
_SHOWN = 5


def try_imports(layout: EnvironmentLayout) -> Verdict:
    """Whether ComfyUI starts and imports every node pack, by what it says itself."""
    try:
        report = verify_packs(layout, (), SilentReporter())
    except ComfyUIEnded as error:
        first, *said = error.message.splitlines()
        return Verdict(BAD, f"{first}: {said[-1].strip()}" if said else first)
    failed = [f"{pack.name} fails to import" + (f": {pack.error}" if pack.error else "") for pack in report.failed]
    return Verdict(BAD, "; ".join(failed[:_SHOWN])) if failed else Verdict(GOOD)


def try_workflow(layout: EnvironmentLayout, workspace: WorkspaceLayout, name: str) -> Verdict:
    """Whether a workflow, as it was in that state, would be accepted there."""
    try:
        (check,) = check_workflows(WorkflowManager(layout, workspace), [name], SilentReporter())
    except WorkflowNotFound:
        return Verdict(SKIPPED, f"there is no workflow {name}")
    if check.runs:
        return Verdict(GOOD)
    return Verdict(BAD, "; ".join(issue.message for issue in check.issues[:_SHOWN]))


def try_command(layout: EnvironmentLayout, words: Sequence[str]) -> Verdict:
    """What a command says by its exit code: 0 is good, 125 that it cannot tell, 1 to 127 bad.

    It runs in ComfyUI's directory with the Python of that state first on the path. Raises `InvalidSetting` where there
    is no such command, `ComfyUIEnded` when it dies of a signal: nothing can be concluded then.
    """
    variables, _ = without_python_settings(child_environment())
    programs = os.path.dirname(venv_python(layout.venv))
    variables |= {
        "PATH": os.pathsep.join([programs, variables.get("PATH", "")]),
        "VIRTUAL_ENV": layout.venv,
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    with tempfile.TemporaryFile() as output:
        try:
            done = subprocess.run(
                list(words), cwd=layout.comfyui, env=variables, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                check=False,
            )  # fmt: skip
        except OSError as error:
            raise InvalidSetting(
                f"the command `{words[0]}` cannot be run: {error.strerror}",
                hint="give it after `--`, with its path, as it is run in ComfyUI's directory",
                context={"command": list(words)},
            ) from error
        output.seek(0)
        lines = output.read().decode("utf-8", "replace").strip().splitlines()[-_LAST_LINES:]
    said = " / ".join(line.strip() for line in lines if line.strip())
    if done.returncode == 0:
        return Verdict(GOOD)
    if done.returncode == _UNTESTABLE:
        return Verdict(SKIPPED, said or "the command could not tell")
    if done.returncode < 0 or done.returncode >= _OF_SHELLS:
        raise ComfyUIEnded(
            f"`{words[0]}` ended with exit code {done.returncode}, which tells neither good nor bad",
            hint="exit codes are 0 for good, 1 to 124 for bad, 125 for what cannot be tried",
            context={"command": list(words), "exit_code": done.returncode},
        )
    return Verdict(BAD, said or f"exit code {done.returncode}")


def skipped(error: ComfyDockError) -> Verdict:
    """A state that could not be made."""
    return Verdict(SKIPPED, error.message.splitlines()[0])
