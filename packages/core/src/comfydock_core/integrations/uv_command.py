"""uv: where it is, what it is told, and every call that ComfyDock makes of it."""

import contextlib
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import util

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.integrations import process
from comfydock_core.integrations.process import Completed
from comfydock_core.integrations.uv_environment import (
    OFFLINE,
    is_on,
    keeping_the_day,
    knowing_locked_indexes,
    reaching_loopback,
    refuse_surroundings,
    uv_environment,
)
from comfydock_core.integrations.uv_errors import outdated, uv_failure
from comfydock_core.models.exceptions import PythonNotFound, ToolMissing
from comfydock_core.utils import native
from comfydock_core.utils.child_environment import child_environment

OnLine = Callable[[str], None]

_PROGRAM = "uv.exe" if sys.platform == "win32" else "uv"
_ANY_INDEX = ("--index-strategy", "unsafe-best-match")
_SYNC = ("pip", "sync", "--preview-features", "pylock")
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
        raise ToolMissing("`uv` was not found", hint=_HINT_MISSING, context={"program": "uv"})
    return found


def _named_uv(named: str) -> str:
    found = shutil.which(os.path.expanduser(named))
    if found is None:
        raise ToolMissing(
            f"COMFYDOCK_UV names `{named}`, which is not a program",
            hint="correct COMFYDOCK_UV or unset it",
            context={"program": named},
        )
    return found


def _beside_executable() -> str | None:
    """A frozen build carries its own copy."""
    if not native.frozen():
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
        loopback: bool = False,
    ) -> None:
        """`project` is the directory of the manifest. Raises `ToolMissing` without uv."""
        self.program = program or find_uv()
        self._project = project
        self._venv = venv
        self._cache = cache
        self._python_installs = python_installs
        self._offline = offline
        self._loopback = loopback

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

    @classmethod
    def of_workspace(cls, workspace: WorkspaceLayout) -> "UVCommand":
        """uv for what concerns no environment. Raises `ToolMissing` without uv."""
        venv, cache, pythons = f"{workspace.root}/.venv", workspace.uv_cache, workspace.uv_python
        return cls(project=workspace.root, venv=venv, cache=cache, python_installs=pythons)

    @property
    def is_offline(self) -> bool:
        """Whether uv may use no network, because it was told so here or by the user's own variable."""
        return self._offline or is_on(os.environ.get(OFFLINE))

    def inside(self, directory: str, *, offline: bool = False) -> "UVCommand":
        """The same uv for the project in another directory, with the same caches; `offline` with nothing else."""
        return UVCommand(
            project=directory,
            venv=self._venv,
            cache=self._cache,
            python_installs=self._python_installs,
            offline=self._offline or offline,
            program=self.program,
        )

    def on_loopback(self) -> "UVCommand":
        """The same uv for files that this process serves: no proxy is asked, and being offline does not count."""
        return UVCommand(
            project=self._project,
            venv=self._venv,
            cache=self._cache,
            python_installs=self._python_installs,
            program=self.program,
            loopback=True,
        )

    def lock(
        self,
        on_line: Callable[[str], None],
        *,
        doing: str = "resolve the Python packages",
        upgrade: Sequence[str] = (),
        upgrade_all: bool = False,
        index: str | None = None,
    ) -> None:
        """Resolve the manifest into `uv.lock`, keeping the versions it has but for those of `upgrade`.

        With `upgrade_all` none is kept. With `index` (`name=url`) packages may come from there, too, and then from any
        index that has them. Raises `RequirementsConflict`, `RemoteError`, `ToolError`.
        """
        options = [*_upgrading(upgrade), *(["--upgrade"] if upgrade_all else [])]
        options += _also_from(index) if index else []
        self._stream(["lock", *options], doing, on_line)

    def add(
        self,
        requirements: Sequence[str],
        on_line: Callable[[str], None],
        *,
        group: str | None = None,
        editable: bool = False,
        bounds: str | None = None,
        resolve: bool = True,
        upgrade: Sequence[str] = (),
    ) -> None:
        """Write requirements into the manifest; those without a version get a lower bound, or what `bounds` says.

        For the bounds uv resolves, and writes `uv.lock` as well. Without `resolve` it writes the requirements as they
        are and nothing else. Indexes of the user's variables get into the manifest. Raises what `lock` raises.
        """
        options = [*_in_group(group), *(["--editable"] if editable else []), *_upgrading(upgrade)]
        options += ["--no-sync", *(["--bounds", bounds] if bounds else [])] if resolve else ["--frozen", "--raw"]
        self._stream(["add", *options, "--", *requirements], "add the Python packages", on_line)

    def remove(self, names: Sequence[str], on_line: Callable[[str], None], *, group: str | None = None) -> None:
        """Take requirements out of the manifest, whatever their versions; `uv.lock` stays. Raises `UvFailed`."""
        self._stream(["remove", "--frozen", *_in_group(group), "--", *names], "remove the Python packages", on_line)

    def export_pylock(self, without: Sequence[str]) -> str:
        """What `uv.lock` holds but for the packages named, as PEP 751 has it. Raises `LockOutdated`, `ToolError`."""
        options = ["--locked", "--all-groups", "--format", "pylock.toml", "--no-header", "--no-emit-project"]
        return self._answer(["export", *options, *_not_emitted(without)], "read the lock")

    def export_pins(self, without: Sequence[str]) -> str:
        """The same as requirements that pin every version, without hashes. Raises `LockOutdated`, `ToolError`."""
        options = ["--locked", "--all-groups", "--format", "requirements.txt", "--no-hashes", "--no-header"]
        options += ["--no-annotate", "--no-emit-project"]
        return self._answer(["export", *options, *_not_emitted(without)], "read the lock")

    def compile_pylock(
        self,
        sources: Sequence[str],
        output: str,
        without: Sequence[str],
        on_line: Callable[[str], None],
        *,
        doing: str,
        index: str | None = None,
        dependencies: bool = True,
        given: Mapping[str, str] | None = None,
    ) -> None:
        """Resolve requirements for all platforms into a `pylock.toml`, keeping the versions of one that is there.

        Files that their index gives no hash for are fetched to compute it. `given` are files of more requirements, by
        what they are: `constraint`, `override`, `exclude`. Raises what `lock` raises.
        """
        options = ["--universal", "--format", "pylock.toml", "--no-header", "--no-annotate"]
        options += [*(_also_from(index) if index else _ANY_INDEX), "--output-file", output]
        options += [word for kind, path in (given or {}).items() for word in (f"--{kind}", path)]
        if not dependencies:
            options.append("--no-deps")
        self._stream(["pip", "compile", "--quiet", *options, *_not_emitted(without), *sources], doing, on_line)

    def sync_pylock(
        self, pylock: str, on_line: Callable[[str], None], *, index: str | None = None, reinstall: Sequence[str] = ()
    ) -> None:
        """Make the virtual environment hold exactly what a `pylock.toml` says. Raises `HashMismatch`, `ToolError`.

        `index` (`name=url`) is asked for nothing; it tells uv which login belongs to the addresses in the file.
        """
        chosen = [word for name in reinstall for word in ("--reinstall-package", name)]
        options = [*_SYNC, "--python", self._venv, *(["--index", index] if index else []), *chosen]
        self._stream([*options, pylock], "install the Python packages", on_line)

    def sync_pylock_dry_run(self, pylock: str) -> Completed:
        """What that would change, without the network and without changing anything. The caller judges the exit."""
        return self._capture([*_SYNC, "--dry-run", "--offline", "--python", self._venv, pylock])

    def clean_cache(self, packages: Sequence[str]) -> None:
        """Remove packages from the cache; environments that share their files keep them. Raises `UvFailed`."""
        self._stream(["cache", "clean", *packages], "clean uv's cache", lambda line: None)

    def prune_cache(self, on_line: Callable[[str], None]) -> None:
        """Let uv remove from its cache what it has no use for. Raises `UvFailed`."""
        self._stream(["cache", "prune"], "prune uv's cache", on_line)

    def version(self) -> str:
        """The version of the program. Raises `UvFailed`."""
        words = self._answer(["--version"], "ask uv for its version").split()
        return words[1] if len(words) > 1 else ""

    def check(self) -> Completed:
        """Whether the installed packages fit together. The caller judges the exit."""
        return self._capture(["pip", "check", "--python", self._venv])

    def create_venv(self, python: str, on_line: Callable[[str], None]) -> None:
        """Make an empty environment that keeps working when its directory is renamed. Raises `PythonNotFound`."""
        with self.creating_venv(python, on_line):
            pass

    @contextlib.contextmanager
    def creating_venv(self, python: str, on_line: Callable[[str], None]) -> Iterator[None]:
        """The same while the block does other things: at its end the environment is there. Its directory must be."""
        command = [self.program, "venv", "--relocatable", "--no-project", "--python", python, self._venv]

        def judge(completed: Completed) -> None:
            for line in completed.output.splitlines():
                on_line(line)
            if completed.returncode != 0:
                raise uv_failure(completed, command, f"make an environment with Python {python}")

        # Not in the project: its `.python-version` would reach pyenv's stand-ins on PATH, which uv asks for theirs.
        place = os.path.dirname(self._venv)
        with process.alongside(command, cwd=place, env=self.environment(), judge=judge, hint=_HINT_MISSING):
            yield

    def find_python(self, python: str) -> str | None:
        """The interpreter that `create_venv` takes where it need not fetch one, `None` where it would have to.

        Raises `UvFailed`.
        """
        command = ["python", "find", "--system", "--no-project", "--no-python-downloads", "--", python]
        completed = self._capture(command)
        if completed.returncode == 0:
            return completed.output.strip()
        failure = uv_failure(completed, [self.program, *command], f"look for Python {python}")
        if isinstance(failure, PythonNotFound):
            return None
        raise failure

    def dry_run(self) -> Completed:
        """What a sync of a project of 1.x would change, without changing anything. The caller judges the exit."""
        return self._capture(["sync", "--frozen", "--dry-run", "--offline", "--all-groups"])

    def check_lock(self) -> Completed:
        """Whether `uv.lock` fits the manifest, without the network and without writing. The caller judges the exit."""
        return self._ask_about_lock(["lock", "--check", "--offline"])

    def refuse_outdated(self, doing: str) -> None:
        """Raise `LockOutdated` when the manifest was changed since it was locked; what uv cannot tell is not an error.

        Without its cache uv leaves no trace at all.
        """
        answer = self._ask_about_lock(["lock", "--check", "--offline", "--no-cache"])
        if answer.returncode != 0 and "needs to be updated" in answer.text:
            raise outdated(doing, {"output": answer.text})

    def by_hand(self, arguments: Sequence[str]) -> tuple[list[str], dict[str, str]]:
        """A command line of the user's own and its variables; `uv pip` means the same virtual environment there."""
        variables = self._own_environment(child_environment()) | {"VIRTUAL_ENV": self._venv}
        if "NO_COLOR" not in child_environment():
            del variables["NO_COLOR"]
        return [self.program, *arguments], variables

    def environment(self) -> dict[str, str]:
        """The variables uv starts with. Raises `InvalidSetting` for those that it must not have, `FileSystemError`."""
        own = child_environment()
        refuse_surroundings(own)
        return self._own_environment(own)

    def _own_environment(self, own: dict[str, str]) -> dict[str, str]:
        variables = uv_environment(
            own,
            venv=self._venv,
            cache=self._cache,
            python_installs=self._python_installs,
            offline=self._offline,
        )
        if self._loopback:
            variables = reaching_loopback(variables)
        return keeping_the_day(variables, f"{self._project}/pyproject.toml")

    def _stream(
        self, arguments: Sequence[str], doing: str, on_line: Callable[[str], None], cwd: str | None = None
    ) -> None:
        command = [self.program, *arguments]
        completed = process.stream(
            command, cwd=cwd or self._project, env=self.environment(), on_line=on_line, hint=_HINT_MISSING
        )
        if completed.returncode != 0:
            raise uv_failure(completed, command, doing)

    def _answer(self, arguments: Sequence[str], doing: str) -> str:
        completed = self._ask_about_lock(arguments)
        if completed.returncode != 0:
            raise uv_failure(completed, [self.program, *arguments], doing)
        return completed.output

    def _ask_about_lock(self, arguments: Sequence[str]) -> Completed:
        """Ask about what is locked, wherever it is locked from."""
        return self._capture(arguments, knowing_locked_indexes(self.environment(), f"{self._project}/uv.lock"))

    def _capture(self, arguments: Sequence[str], variables: Mapping[str, str] | None = None) -> Completed:
        command, variables = [self.program, *arguments], variables or self.environment()
        return process.capture(command, cwd=self._project, env=variables, hint=_HINT_MISSING)


def _also_from(index: str) -> list[str]:
    """Told on the command line, because the settings of a project do not count where the user turns settings off."""
    return ["--index", index, *_ANY_INDEX]


def _upgrading(names: Sequence[str]) -> list[str]:
    return [word for name in names for word in ("--upgrade-package", name)]


def _in_group(group: str | None) -> list[str]:
    return [] if group is None else ["--group", group]


def _not_emitted(names: Sequence[str]) -> list[str]:
    return [word for name in names for word in ("--no-emit-package", name)]
