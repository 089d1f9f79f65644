"""Looking for what is wrong, and putting right what is simple and safe."""

import os
from collections.abc import Callable, Iterator, Sequence

from comfydock_core.analyzers.doctor import environment as checks
from comfydock_core.analyzers.doctor.history import (
    check_history,
    check_objects,
    check_start_reports,
    check_upstream,
    check_workflow_locks,
)
from comfydock_core.analyzers.doctor.manifest import check_manifest
from comfydock_core.analyzers.doctor.models import check_models
from comfydock_core.analyzers.doctor.tools import check_tools
from comfydock_core.analyzers.doctor.workspace import check_operations, check_workspace
from comfydock_core.caching.repository_mirrors import RepositoryMirrors
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.environment import Environment
from comfydock_core.core.usecases.choosing import stage_active, swap_of_settings
from comfydock_core.core.usecases.workspace.relinking import relink
from comfydock_core.integrations.system_detector import detect_backend
from comfydock_core.models.doctor import PROBLEM, Finding, Mending
from comfydock_core.models.exceptions import ComfyDockError
from comfydock_core.models.operation import Initiator
from comfydock_core.models.plan import PlanStep
from comfydock_core.models.protocols import Reporter
from comfydock_core.repositories.history.conversion_note import NOTE, is_readable_note
from comfydock_core.repositories.start_reports import is_readable
from comfydock_core.repositories.working_places import remove_left
from comfydock_core.repositories.workspace_config_reader import read_config
from comfydock_core.services.transaction import make_plan, operation
from comfydock_core.services.transaction.planning import swap
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.files.filesystem import make_directory_link

_MODELS = "ComfyUI/models"
_CONVERSION_NOTE = f".cec/{NOTE}"

# What each mending does, in the words of a plan.
_WORDS = {"make-directory": "make", "link-models": "link", "forget-active": "unuse", "remove-mirror": "remove",
          "remove-left-place": "remove", "remove-start-report": "remove",
          "remove-conversion-note": "remove", "relink-workspace": "relink"}  # fmt: skip


def examine(
    layout: WorkspaceLayout, environments: Sequence[Environment], *, deep: bool, reporter: Reporter
) -> list[Finding]:
    """Look at the tools, the workspace and some environments; nothing is changed but what uv notes in its cache.

    With `deep` every installed file is read, otherwise those that were touched. Whatever cannot be looked at is a
    finding, not an error.
    """
    reporter.phase("Looking at the tools and the workspace")
    found = [*_told(check_tools, ""), *_told(lambda: check_workspace(layout), "")]
    detected = detect_backend() if environments else ""
    for environment in environments:
        reporter.phase(f"Looking at {environment.name}")
        found += _examine_environment(layout, environment, detected, deep)
    return found


def _examine_environment(
    workspace: WorkspaceLayout, environment: Environment, detected: str, deep: bool
) -> Iterator[Finding]:
    layout, name = environment.layout, environment.name
    looks: list[Callable[[], Iterator[Finding]]] = [
        lambda: checks.check_status(environment.status()),
        lambda: check_manifest(layout),
        lambda: checks.check_python(layout),
        lambda: checks.check_lock(layout, workspace),
        lambda: checks.check_backend(layout, detected),
        lambda: check_models(layout),
        lambda: check_history(layout),
        lambda: check_objects(layout, deep=deep),
        lambda: check_upstream(layout),
        lambda: check_start_reports(workspace.start_reports(name), name),
        lambda: check_workflow_locks(layout),
        lambda: check_operations(layout.root, name),
        lambda: checks.check_running(name, environment.running()),
    ]
    looks.append(lambda: checks.check_files(layout, workspace, deep=deep))
    told: dict[Finding, None] = {}
    for look in looks:
        told |= dict.fromkeys(_told(look, name))  # What several looks stumble over is told once.
    yield from told


def _told(look: Callable[[], Iterator[Finding]], subject: str) -> list[Finding]:
    """What one look found; what hinders it is a finding too."""
    found: list[Finding] = []
    try:
        found.extend(look())
    except ComfyDockError as error:
        found.append(Finding(error.code, PROBLEM, error.message.split("\n")[0], subject, error.hint or ""))
    except OSError as error:
        where = f" at `{error.filename}`" if error.filename else ""
        message = f"it cannot be checked: {error.strerror}{where}"
        found.append(Finding("unreadable", PROBLEM, message, subject, "check who owns it and its permissions"))
    return found


def plan_mending(findings: Sequence[Finding]) -> list[PlanStep]:
    """What `mend` will do, in its order."""
    return [PlanStep(_WORDS[mending.action], mending.target) for mending in _mendings(findings)]


def mend(layout: WorkspaceLayout, findings: Sequence[Finding], initiator: Initiator, reporter: Reporter) -> None:
    """Put right what the findings say can be. Raises `ScopeBusy`, `EnvironmentInUse`, `FileSystemError`."""
    with disk_errors("put it right"):
        for mending in _mendings(findings):
            _MENDERS[mending.action](layout, mending.target, initiator, reporter)


def _mendings(findings: Sequence[Finding]) -> list[Mending]:
    """Each once, directories first: the others need them."""
    wanted = dict.fromkeys(finding.mending for finding in findings if finding.mending is not None)
    return sorted(wanted, key=lambda mending: list(_WORDS).index(mending.action))


def _make_directory(layout: WorkspaceLayout, path: str, initiator: Initiator, reporter: Reporter) -> None:
    os.makedirs(path, exist_ok=True)


def _link_models(layout: WorkspaceLayout, name: str, initiator: Initiator, reporter: Reporter) -> None:
    """Only a link that leads elsewhere or nothing is replaced: a directory there is the user's."""
    environment = layout.environment(name)
    models, link = read_config(layout.config_file).models_directory, environment.models_link
    if models is None or (os.path.lexists(link) and not os.path.islink(link)):
        return
    step = swap(environment.root, _MODELS, has_new=True, detail=models)
    plan = make_plan(environment.root, "doctor", [step], fetch_bytes=0, disk_needed=0)
    with operation(plan, initiator, reporter) as under_way:
        make_directory_link(under_way.place(_MODELS), os.path.abspath(models))
        under_way.commit()


def _forget_active(layout: WorkspaceLayout, path: str, initiator: Initiator, reporter: Reporter) -> None:
    name = read_config(layout.config_file).active_environment
    if name is None or os.path.isdir(layout.environment(name).definition):
        return
    plan = make_plan(layout.environments, "doctor", [swap_of_settings(layout, None)], fetch_bytes=0, disk_needed=0)
    with operation(plan, initiator, reporter) as under_way:
        stage_active(layout, under_way, None)
        under_way.commit()


def _remove_mirror(layout: WorkspaceLayout, path: str, initiator: Initiator, reporter: Reporter) -> None:
    RepositoryMirrors(layout.git_mirrors).remove(path)


def _remove_left_place(layout: WorkspaceLayout, path: str, initiator: Initiator, reporter: Reporter) -> None:
    remove_left(path)


def _remove_start_report(layout: WorkspaceLayout, path: str, initiator: Initiator, reporter: Reporter) -> None:
    if not is_readable(path):  # A start may have written it anew meanwhile.
        os.unlink(path)


def _remove_conversion_note(layout: WorkspaceLayout, path: str, initiator: Initiator, reporter: Reporter) -> None:
    """As an operation: moves write it in one, too, and an undo brings it back."""
    if is_readable_note(path):  # A move may have written it anew meanwhile.
        return
    root = path.removesuffix(f"/{_CONVERSION_NOTE}")
    plan = make_plan(root, "doctor", [swap(root, _CONVERSION_NOTE, has_new=False)], fetch_bytes=0, disk_needed=0)
    with operation(plan, initiator, reporter) as under_way:
        under_way.commit()


def _relink_workspace(layout: WorkspaceLayout, path: str, initiator: Initiator, reporter: Reporter) -> None:
    relink(layout, initiator, reporter)


_MENDERS: dict[str, Callable[[WorkspaceLayout, str, Initiator, Reporter], None]] = {
    "make-directory": _make_directory,
    "link-models": _link_models,
    "forget-active": _forget_active,
    "remove-mirror": _remove_mirror,
    "remove-left-place": _remove_left_place,
    "remove-start-report": _remove_start_report,
    "remove-conversion-note": _remove_conversion_note,
    "relink-workspace": _relink_workspace,
}
