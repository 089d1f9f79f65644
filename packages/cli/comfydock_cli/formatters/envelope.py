"""The one JSON envelope: `version, command, status, exit_code, data, errors`. `comfydock help json` describes it."""

from comfydock_core.utils import light_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from comfydock_cli.cli_utils import Result

_VERSION = 1
# Commands that report on the way: each object is on a line of its own, the last is the answer.
_BY_LINE = frozenset({"bisect run"})


def success(command: str, result: "Result | None") -> str:
    """The envelope of a command that answered; its exit code may still tell of trouble."""
    code = result.exit_code if result is not None else 0
    status = "ok" if code == 0 else "failed"
    return _envelope(command, status, code, result.data if result is not None else None, [])


def failure(command: str, exit_code: int, errors: list[dict[str, object]]) -> str:
    """The envelope of a command that could not answer."""
    return _envelope(command, "error", exit_code, None, errors)


def progress(command: str, data: object) -> str:
    """The envelope of something that a command reports on the way; it has no exit code yet."""
    return _envelope(command, "progress", None, data, [])


def _envelope(command: str, status: str, exit_code: int | None, data: object, errors: list[dict[str, object]]) -> str:
    envelope = {
        "version": _VERSION,
        "command": command,
        "status": status,
        "exit_code": exit_code,
        "data": data,
        "errors": errors,
    }
    text = light_json.dumps(envelope)
    if command in _BY_LINE:
        text = "".join(line.lstrip(" ") for line in text.split("\n"))  # Texts in it have no lines of their own.
    return text + "\n"
