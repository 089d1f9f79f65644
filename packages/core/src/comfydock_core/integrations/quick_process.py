"""Short commands whose answer is wanted soon, for the fast path: no `subprocess`, no `os`.

Several can be started first and collected later, so that they work at the same time, and while we do. What a child
writes on its error stream is kept up to what a pipe holds.
"""

import sys

from comfydock_core.utils import native

if sys.platform == "win32":
    import subprocess
else:
    from comfydock_core.utils.native import system

_CHUNK = 65536
# Variables that lead git to another repository, make it take what is there for something else, or run programs.
GIT_PLACES = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_QUARANTINE_PATH",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_CONFIG",
    "GIT_ATTR_SOURCE",
    "GIT_SHALLOW_FILE",
    "GIT_GRAFT_FILE",
    "GIT_TEMPLATE_DIR",
    "GIT_EXTERNAL_DIFF",
)


class QuickProcess:
    """A started command. `collect` must be called once; it waits for the end."""

    __slots__ = ("_child", "_errors", "_output")

    def __init__(self, child: object, output: int, errors: int) -> None:
        self._child = child
        self._output = output
        self._errors = errors

    def collect(self) -> tuple[int, bytes, bytes]:
        """The exit code, the output and the error output. A child that died by signal N gives -N."""
        if sys.platform == "win32":
            assert isinstance(self._child, subprocess.Popen)
            output, errors = self._child.communicate()
            return self._child.returncode, output, errors
        assert isinstance(self._child, int)
        output = _read_all(self._output)
        errors = _read_all(self._errors)
        _, status = system.waitpid(self._child, 0)
        return system.waitstatus_to_exitcode(status), output, errors


if sys.platform == "win32":

    def start(command: list[str]) -> QuickProcess | None:
        """Start a command found on PATH, with an empty input. `None` when there is no such program."""
        pipe = subprocess.PIPE
        try:
            child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe)
        except FileNotFoundError:
            return None
        return QuickProcess(child, -1, -1)

else:

    def start(command: list[str]) -> QuickProcess | None:
        """Start a command found on PATH, with an empty input. `None` when there is no such program."""
        output, output_end = system.pipe()
        errors, errors_end = system.pipe()
        # Nobody reads the errors before the output has ended: what does not fit must not block the child.
        system.set_blocking(errors_end, False)
        try:
            child = system.posix_spawnp(
                command[0],
                command,
                _environment(),
                file_actions=[
                    (system.POSIX_SPAWN_OPEN, 0, "/dev/null", system.O_RDONLY, 0),
                    (system.POSIX_SPAWN_DUP2, output_end, 1),
                    (system.POSIX_SPAWN_DUP2, errors_end, 2),
                ],
            )
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            system.close(output)
            system.close(errors)
            return None
        finally:
            system.close(output_end)
            system.close(errors_end)
        return QuickProcess(child, output, errors)

    def _environment() -> dict[bytes, bytes]:
        """Ours, in plain English, and without what would lead git elsewhere when we run inside one of its hooks."""
        variables = native.child_environment()
        for name in GIT_PLACES:
            variables.pop(name.encode(), None)
        variables[b"LC_ALL"] = b"C"
        return variables

    def _read_all(descriptor: int) -> bytes:
        parts = []
        while part := system.read(descriptor, _CHUNK):
            parts.append(part)
        system.close(descriptor)
        return b"".join(parts)
