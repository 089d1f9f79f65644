"""Installed packages against the lock by a dry run of uv: for environments without a record of their installation.

It costs a process of uv, so it is loaded only then.
"""

import re
import tempfile

from comfydock_core.analyzers.packages.expected_packages import expected_pylock
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.integrations.process import Completed
from comfydock_core.integrations.uv_command import UVCommand
from comfydock_core.models.environment import PackageSyncStatus, VersionDifference
from comfydock_core.models.exceptions import ComfyDockError
from comfydock_core.repositories.definition.backend_choice import read_choice
from comfydock_core.repositories.definition.pytorch_settings import is_neutral
from comfydock_core.utils import native
from comfydock_core.utils.files import atomic

_CHANGE = re.compile(r"\s*([+~-]) ([^\s=]+)==(\S+).*")
_NO_CHANGES = ("would make no changes", "audited", "checked")


def ask_uv(layout: EnvironmentLayout, workspace: WorkspaceLayout, manifest: dict[str, object]) -> PackageSyncStatus:
    """The state as uv sees it; `unknown` with the reason when uv cannot tell."""
    if not native.is_file(layout.lock):
        return PackageSyncStatus("unknown", None, "there is no `uv.lock` to compare with")
    try:
        uv = UVCommand.of_environment(layout, workspace, offline=True)
        if not is_neutral(manifest):
            return judge_dry_run(uv.dry_run())
        backend = read_choice(layout.definition)
        if backend is None:
            return PackageSyncStatus("unknown", None, "no PyTorch back end is chosen on this machine")
        return judge_dry_run(_dry_run(uv, expected_pylock(uv, layout.definition, manifest, backend)))
    except (ComfyDockError, OSError) as error:
        return PackageSyncStatus("unknown", None, str(error).split("\n")[0])


def _dry_run(uv: UVCommand, expected: str) -> Completed:
    with tempfile.TemporaryDirectory(prefix="comfydock-status-") as directory:
        atomic.write_text(f"{directory}/pylock.toml", expected)
        return uv.sync_pylock_dry_run(f"{directory}/pylock.toml")


def judge_dry_run(completed: Completed) -> PackageSyncStatus:
    """Read the output of `uv sync --dry-run` or `uv pip sync --dry-run`."""
    if completed.returncode != 0:
        reason = completed.text.split("\n")[0] or f"uv ended with exit code {completed.returncode}"
        return PackageSyncStatus("unknown", "uv", reason)
    if "would create project environment" in completed.text.lower():
        return PackageSyncStatus("not-installed", "uv")
    state = PackageSyncStatus("in-sync", "uv")
    _read_changes(state, completed.text)
    if not (state.missing or state.extra or state.changed) and not _says_no_changes(completed.text):
        return PackageSyncStatus("unknown", "uv", "uv's answer could not be understood")
    return state.settle()


def _says_no_changes(text: str) -> bool:
    low = text.lower()
    return any(words in low for words in _NO_CHANGES)


def _read_changes(state: PackageSyncStatus, text: str) -> None:
    """What uv would add is missing, what it would remove is too much, and both at once is another version."""
    marks: dict[str, dict[str, str]] = {"+": {}, "-": {}, "~": {}}
    for line in text.split("\n"):
        match = _CHANGE.fullmatch(line)
        if match:
            marks[match[1]][match[2]] = match[3]
    add, remove = marks["+"], marks["-"]
    both = sorted(add.keys() & remove.keys())
    state.changed = [VersionDifference(name, add.pop(name), remove.pop(name)) for name in both]
    state.changed += [VersionDifference(name, version, version) for name, version in sorted(marks["~"].items())]
    state.missing = [f"{name} {version}" for name, version in sorted(add.items())]
    state.extra = [f"{name} {version}" for name, version in sorted(remove.items())]
