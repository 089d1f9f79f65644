"""The error classes by their codes: `explain`, its completion and the manual read the classes themselves."""

from comfydock_cli.table.refusals import UsageError
from comfydock_core.models import exceptions


class Interrupted(Exception):
    """The command was stopped: by Ctrl-C, or by another signal, whose exit code is 128 and its number.

    What it had not finished is gone or is finished by the next command that changes something.
    """

    code = "interrupted"
    exit_code = 130


def error_classes() -> dict[str, type[Exception]]:
    """Every error code and its class, sorted by exit code and code."""
    found: dict[str, type[Exception]] = {UsageError.code: UsageError, Interrupted.code: Interrupted}
    for name in sorted(vars(exceptions)):
        value = getattr(exceptions, name)
        if isinstance(value, type) and issubclass(value, exceptions.ComfyDockError):
            found[value.code] = value
    return dict(sorted(found.items(), key=lambda item: (exit_code(item[1]), item[0])))


def exit_code(error: type[Exception]) -> int:
    code: int = error.exit_code  # type: ignore[attr-defined]
    return code


def first_line(error: type[Exception]) -> str:
    return (error.__doc__ or "").strip().splitlines()[0]
