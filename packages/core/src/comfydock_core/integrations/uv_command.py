"""uv: where it is, what it is told, and every call that ComfyDock makes of it."""

import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import util

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.integrations import process
from comfydock_core.integrations.process import Completed
from comfydock_core.integrations.uv_errors import uv_failure
from comfydock_core.models.exceptions import ToolMissing
from comfydock_core.utils.child_environment import child_environment

_PROGRAM = "uv.exe" if sys.platform == "win32" else "uv"
_HINT_MISSING = "install uv (https://docs.astral.sh/uv) or set COMFYDOCK_UV to the program"


def find_uv() -> str:
    """The uv program: `COMFYDOCK_UV`; beside a frozen executable; the `uv` package's; on PATH. Raises `ToolMissing`."""
    named = os.environ.get("COMFYDOCK_UV")
    if named:
        return _named_uv(named)
    for candidate in (_beside_executable(), _in_package()):
        if candidate is not None and os.path.isfile(candidate):
            return candidate
    found = shutil.which("uv")
    if found is None:
        raise ToolMissing("there is no program `uv`", hint=_HINT_MISSING, context={"program": "uv"})
    return found


def _named_uv(named: str) -> str:
    found = shutil.which(os.path.expanduser(named))
    if found is None:
        raise ToolMissing(
            f"COMFYDOCK_UV names `{named}`, which is no program",
            hint="correct COMFYDOCK_UV or unset it",
            context={"program": named},
        )
    return found


def _beside_executable() -> str | None:
    """A frozen build carries its own copy. Nuitka marks compiled modules, PyInstaller marks `sys`."""
    if "__compiled__" not in globals() and not getattr(sys, "frozen", False):
        return None
    return os.path.join(os.path.dirname(os.path.abspath(sys.executable)), _PROGRAM)


def _in_package() -> str | None:
    """The program that the `uv` distribution installed for this Python, found without running its code."""
    specification = util.find_spec("uv")
    if specification is None or specification.origin is None:
        return None
    scripts = os.path.dirname(sys.executable)
    site_packages = os.path.dirname(os.path.dirname(specification.origin))
    beside = os.path.normpath(os.path.join(site_packages, *_UP_TO_SCRIPTS, _PROGRAM))
    return next((path for path in (beside, os.path.join(scripts, _PROGRAM)) if os.path.isfile(path)), None)


_UP_TO_SCRIPTS = ("..", "..", "Scripts") if sys.platform == "win32" else ("..", "..", "..", "bin")


class UVCommand:
    """uv for one environment: its directories are set, the user's own `UV_` variables pass through."""

    def __init__(
        self,
        *,
        project: str,
        venv: str,
        cache: str,
        python_installs: str,
        offline: bool = False,
        program: str | None = None,
    ) -> None:
        """`project` is the directory of the manifest. Raises `ToolMissing` without uv."""
        self.program = program or find_uv()
        self._project = project
        self._venv = venv
        self._cache = cache
        self._python_installs = python_installs
        self._offline = offline

    @classmethod
    def of_environment(
        cls, layout: EnvironmentLayout, workspace: WorkspaceLayout, *, offline: bool = False
    ) -> "UVCommand":
        """uv for an environment of a workspace. Raises `ToolMissing` without uv."""
        return cls(
            project=layout.definition,
            venv=layout.venv,
            cache=workspace.uv_cache,
            python_installs=workspace.uv_python,
            offline=offline,
        )

    def lock(self, on_line: Callable[[str], None]) -> None:
        """Resolve the manifest into `uv.lock`. Raises `RequirementsConflict`, `RemoteError`, `ToolError`."""
        self._stream(["lock"], "resolve the Python packages", on_line)

    def create_venv(self, python: str, on_line: Callable[[str], None]) -> None:
        """Make an empty environment that keeps working when its directory is renamed. Raises `PythonNotFound`."""
        command = ["venv", "--relocatable", "--no-project", "--python", python, self._venv]
        # Not in the project: its `.python-version` would reach pyenv's stand-ins on PATH, which uv asks for theirs.
        self._stream(command, f"make an environment with Python {python}", on_line, cwd=os.path.dirname(self._venv))

    def sync_frozen(self, on_line: Callable[[str], None]) -> None:
        """Install exactly what `uv.lock` says, all groups, and remove the rest."""
        self._stream(["sync", "--frozen", "--all-groups"], "install the Python packages", on_line)

    def dry_run(self) -> Completed:
        """What a sync would change, without the network and without changing anything. The caller judges the exit."""
        return self._capture(["sync", "--frozen", "--dry-run", "--offline", "--all-groups"])

    def environment(self) -> dict[str, str]:
        """The variables uv starts with."""
        return uv_environment(
            child_environment(),
            venv=self._venv,
            cache=self._cache,
            python_installs=self._python_installs,
            offline=self._offline,
        )

    def _stream(
        self, arguments: Sequence[str], doing: str, on_line: Callable[[str], None], cwd: str | None = None
    ) -> None:
        command = [self.program, *arguments]
        completed = process.stream(
            command, cwd=cwd or self._project, env=self.environment(), on_line=on_line, hint=_HINT_MISSING
        )
        if completed.returncode != 0:
            raise uv_failure(completed, command, doing)

    def _capture(self, arguments: Sequence[str]) -> Completed:
        command = [self.program, *arguments]
        return process.capture(command, cwd=self._project, env=self.environment(), hint=_HINT_MISSING)


def uv_environment(
    own: Mapping[str, str], *, venv: str, cache: str, python_installs: str, offline: bool
) -> dict[str, str]:
    """`own` with uv's directories inside the workspace. The link mode is the user's if they chose one."""
    variables = {key: value for key, value in own.items() if key != "VIRTUAL_ENV"}
    variables.setdefault("UV_LINK_MODE", "hardlink")
    variables |= {
        "UV_PROJECT_ENVIRONMENT": venv,
        "UV_CACHE_DIR": cache,
        "UV_PYTHON_INSTALL_DIR": python_installs,
        "NO_COLOR": "1",
    }
    if offline:
        variables["UV_OFFLINE"] = "1"
    return variables
