"""`GitManager`: the history of one environment's definition."""

import getpass
import os
import shlex
import shutil
import socket
import sys
from collections.abc import Sequence

from comfydock_core.configs.defaults import FIRST_COMMIT
from comfydock_core.configs.environment_layout import BACKEND_CHOICE, BACKENDS, PART
from comfydock_core.integrations import git_options
from comfydock_core.integrations.git import changes, queries
from comfydock_core.integrations.own_program import own_command
from comfydock_core.models.environments.template import TemplateHistory
from comfydock_core.utils import native
from comfydock_core.utils.files import atomic

if sys.platform != "win32":
    import pwd

_BRANCH = "main"
_IGNORED = (
    "staging/",
    "metadata/",
    "logs/",
    "__pycache__/",
    "*.pyc",
    "*.tmp",
    "*.bak",
    ".complete",
    BACKEND_CHOICE,
)
# Which of ComfyDock's own ways of merging a file takes; where git does not know them it reports an ordinary conflict.
_ATTRIBUTES = (
    "uv.lock merge=envlock",
    "pyproject.toml merge=envtoml",
    f"{BACKENDS}/*/{PART} -merge",
)


class GitManager:
    """Works on the repository in `.cec`. Every method raises `ToolError`; writing ones `OSError` too."""

    def __init__(self, definition: str) -> None:
        self._definition = definition

    def start_history(self) -> None:
        """Make the repository and its first commit."""
        self.write_patterns()
        changes.initialise(self._definition, _BRANCH)
        self.configure_merging()
        self._ensure_identity()
        changes.commit_all(self._definition, FIRST_COMMIT)

    def take_over_history(self, history: TemplateHistory) -> None:
        """Let the definition go on with a history that came with it; what differs from its commit is not committed."""
        shutil.move(f"{history.directory}/.git", f"{self._definition}/.git")
        changes.read_index(self._definition)
        self.write_patterns()
        self.configure_merging()
        self._ensure_identity()

    def write_patterns(self) -> None:
        """Make `.gitignore` and `.gitattributes` say what they must; lines of the user stay.

        A lock that ComfyDock 1.x was told to ignore is versioned from now on.
        """
        _complete(f"{self._definition}/.gitignore", _IGNORED, without=("uv.lock", "/uv.lock"))
        _complete(f"{self._definition}/.gitattributes", _ATTRIBUTES, without=())

    def configure_merging(self) -> None:
        """Tell git how `uv.lock` and `pyproject.toml` are merged: by this program, where it lies now."""
        program = " ".join(shlex.quote(word) for word in own_command()).replace("%", "%%")
        known = queries.config_values(self._definition, r"^merge\.env")
        for name, kind in (("envlock", "lock"), ("envtoml", "manifest")):
            wanted = {"name": f"ComfyDock's merging of the {kind}", "driver": f"{program} __merge {kind} %O %A %B"}
            for key, value in wanted.items():
                if known.get(f"merge.{name}.{key}") != value:
                    changes.set_config(self._definition, f"merge.{name}.{key}", value)

    def identity_variables(self) -> dict[str, str]:
        """Variables that tell git what of its user it does not know."""
        return git_options.as_variables(list(self._missing_identity().items()), os.environ)

    def _ensure_identity(self) -> None:
        """Git refuses to commit for nobody. The user's own identity is left alone; a missing one is filled in here."""
        for key, value in self._missing_identity().items():
            changes.set_config(self._definition, key, value)

    def _missing_identity(self) -> dict[str, str]:
        known = (("user.name", _author_name), ("user.email", _author_email))
        return {key: made() for key, made in known if queries.config_value(self._definition, key) is None}


def _complete(path: str, wanted: Sequence[str], *, without: Sequence[str]) -> None:
    content = (native.read_bytes(path) or b"").decode("utf-8", "surrogateescape")
    lines = [line for line in content.splitlines() if line.strip() not in without]
    complete = [*lines, *(line for line in wanted if line not in lines)]
    if complete != content.splitlines():
        atomic.write_text(path, "".join(f"{line}\n" for line in complete))


def _author_name() -> str:
    return os.environ.get("GIT_AUTHOR_NAME") or _full_name() or _login() or "ComfyDock User"


def _author_email() -> str:
    login = _login()
    return os.environ.get("GIT_AUTHOR_EMAIL") or (f"{login}@{_host()}" if login else "user@comfydock.invalid")


def _host() -> str:
    return socket.gethostname() or "localhost"


def _login() -> str | None:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return None  # An account without a name, as in some containers.


def _full_name() -> str | None:
    """The name that the account database has, POSIX only."""
    if sys.platform == "win32":
        return None
    try:
        return pwd.getpwuid(os.getuid()).pw_gecos.split(",")[0].strip() or None
    except KeyError:
        return None
