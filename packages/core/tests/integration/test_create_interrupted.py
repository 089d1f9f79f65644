"""Creating environments and being stopped: nothing half-done is ever left under the name."""

import contextlib
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.workspace import Workspace
from comfydock_core.factories.workspace_factory import open_workspace
from comfydock_core.models.environments.creation import CreateRequest
from comfydock_core.models.exceptions import FileSystemError, WorkspaceDamaged
from comfydock_core.models.operation import Initiator
from comfydock_core.utils.files.program_errors import reported_by_program
from comfydock_core.utils.interruption import Terminated
from comfydock_core.utils.reporting import SilentReporter
from tests.support import sessions
from tests.support.miniature import Miniature
from tests.support.reporters import RecordingReporter

REQUEST = CreateRequest("demo", torch_backend="cpu")
INITIATOR = Initiator(("create", "demo"))

PHASES = [
    "Cloning ComfyUI",
    "Preparing Python",
    "Resolving Python packages",
    "Locking PyTorch for cpu",
    "Installing Python packages",
    "Linking the models directory",
    "Starting the history",
]

# Another process that creates, and tells its phases on stdout.
PROGRAM = """
import sys
from comfydock_core.factories.workspace_factory import open_workspace
from comfydock_core.models.environments.creation import CreateRequest
from comfydock_core.models.operation import Initiator
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.utils.reporting import SilentReporter

class Telling(SilentReporter):
    def phase(self, text):
        print(text, flush=True)

workspace = open_workspace(WorkspaceLayout(sys.argv[1]))
plan = workspace.environments.plan_creation(CreateRequest("demo", torch_backend="cpu"), SilentReporter())
workspace.environments.create(plan, Initiator(("create", "demo")), Telling())
"""


def names_in(workspace: Workspace) -> list[str]:
    return sessions.names_in(Path(workspace.layout.environments))


def create_with(workspace: Workspace, reporter: RecordingReporter) -> None:
    workspace.environments.create(workspace.environments.plan_creation(REQUEST, SilentReporter()), INITIATOR, reporter)


def creating_process(workspace: Workspace) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", PROGRAM, workspace.layout.root]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(process: "subprocess.Popen[str]", phase: str) -> None:
    assert process.stdout is not None
    assert any(line.startswith(phase) for line in process.stdout), f"it never came to {phase}"


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize(("number", "error"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)])
def test_a_signal_at_the_start_of_any_phase_leaves_nothing(
    workspace: Workspace, phase: str, number: signal.Signals, error: type[BaseException]
) -> None:
    def stop(events: int, text: str) -> None:
        if text.startswith(phase):
            os.kill(os.getpid(), number)

    with pytest.raises(error):
        create_with(workspace, RecordingReporter(stop))
    assert names_in(workspace) == []


@pytest.mark.parametrize("moment", range(2, 22, 3))
def test_ctrl_c_at_any_event_leaves_nothing(workspace: Workspace, moment: int) -> None:
    """Events are also lines of children, so that many of these moments are in the middle of their work."""

    def stop(events: int, text: str) -> None:
        if events == moment:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        create_with(workspace, RecordingReporter(stop))
    assert names_in(workspace) == []


@pytest.mark.parametrize("phase", PHASES[:4])
def test_ctrl_c_while_a_child_works_stops_the_child_and_leaves_nothing(workspace: Workspace, phase: str) -> None:
    process = creating_process(workspace)
    wait_for(process, phase)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate()
    assert process.returncode != 0
    assert "KeyboardInterrupt" in errors
    assert names_in(workspace) == []


@pytest.mark.parametrize("phase", PHASES)
def test_what_kill_9_leaves_is_removed_by_the_next_create(workspace: Workspace, phase: str) -> None:
    process = creating_process(workspace)
    wait_for(process, phase)
    process.kill()
    process.communicate()
    assert workspace.environment_names() == []
    reporter = RecordingReporter()
    create_with(workspace, reporter)
    assert any("was stopped before it changed anything" in warning for warning in reporter.warnings)
    assert workspace.environment_names() == ["demo"]
    assert workspace.open_environment("demo").status().in_sync


def test_another_process_is_refused_while_one_creates_and_told_by_whom(workspace: Workspace) -> None:
    refused: list[str] = []

    def other_creates(events: int, text: str) -> None:
        if text.startswith("Linking"):
            program = PROGRAM.replace('"demo"', '"other"')
            command = [sys.executable, "-c", program, workspace.layout.root]
            refused.append(subprocess.run(command, capture_output=True, text=True).stderr)

    create_with(workspace, RecordingReporter(other_creates))
    assert names_in(workspace) == ["demo"]
    assert f"is being changed by `comfydock create demo` (process {os.getpid()} on " in refused[0]


def on_disk(place: Path) -> Workspace:
    made = Workspace.initialise(Workspace.plan_initialisation(str(place / "workspace")))
    return open_workspace(made.layout)


@pytest.mark.parametrize("kilobytes", [100, 200, 350, 500, 580])
def test_a_full_disk_is_told_and_leaves_nothing(
    local: Miniature, small_disk: Callable[[str], Path], kilobytes: int
) -> None:
    workspace = on_disk(small_disk(f"size={kilobytes}k"))
    with pytest.raises(FileSystemError) as caught:
        create_with(workspace, RecordingReporter())
    assert caught.value.context["errno"] == "ENOSPC"
    assert caught.value.hint is not None
    assert names_in(workspace) == []


def test_a_full_disk_is_seen_where_git_does_not_name_it(small_disk: Callable[[str], Path], tmp_path: Path) -> None:
    disk, said = small_disk("size=100k"), "error: failed to write new configuration file .git/config.lock"
    with contextlib.suppress(OSError), open(disk / "filler", "wb", buffering=0) as filler:
        while True:
            filler.write(bytes(4096))
    found = reported_by_program(said, "start the history", 128, str(disk))
    assert found is not None
    assert found.context["errno"] == "ENOSPC"
    assert reported_by_program(said, "start the history", 128, str(tmp_path)) is None


def test_a_read_only_workspace_is_told(local: Miniature, small_disk: Callable[[str], Path]) -> None:
    disk = small_disk("size=10m")
    workspace = on_disk(disk)
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    with pytest.raises(FileSystemError) as caught:
        create_with(workspace, RecordingReporter())
    assert caught.value.context["errno"] == "EROFS"


def test_a_limit_on_file_sizes_is_told_and_leaves_nothing(workspace: Workspace) -> None:
    script = PROGRAM.replace(
        "import sys", "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (2048, -1))"
    )
    command = [sys.executable, "-c", script, workspace.layout.root]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode != 0
    assert names_in(workspace) == []
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 2048


def test_a_failed_activation_takes_the_environment_back(workspace: Workspace) -> None:
    plan = workspace.environments.plan_creation(CreateRequest("demo", torch_backend="cpu", use=True), SilentReporter())
    config = Path(workspace.layout.config_file)

    def damage(events: int, text: str) -> None:
        if text == "Starting the history":
            config.write_text("no json")

    with pytest.raises(WorkspaceDamaged):
        workspace.environments.create(plan, INITIATOR, RecordingReporter(damage))
    assert names_in(workspace) == []
    assert config.read_text() == "no json"


def test_a_workspace_layout_is_all_that_is_needed(local: Miniature, tmp_path: Path) -> None:
    Workspace.initialise(Workspace.plan_initialisation(str(tmp_path / "w")))
    workspace = open_workspace(WorkspaceLayout(str(tmp_path / "w")))
    create_with(workspace, RecordingReporter())
    assert workspace.environment_names() == ["demo"]
