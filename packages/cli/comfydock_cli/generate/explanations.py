"""What every error code means: the docstrings of the error classes.

Frozen builds carry no docstrings; they have the same as a literal, `_frozen_explanations`, made from here by the build.
"""

import inspect

from comfydock_cli.generate.help import wrap
from comfydock_cli.table.refusals import UsageError
from comfydock_core.models import exceptions

Explanations = dict[str, tuple[int, str]]


class Interrupted(Exception):
    """The command was stopped: by Ctrl-C, or by another signal, whose exit code is 128 plus its number.

    What it had not finished is removed, or finished by the next command that changes something. Run it again.
    """

    code = "interrupted"
    exit_code = 130


def explanations() -> Explanations:
    """Exit code and explanation of every error code, sorted by exit code and code."""
    try:
        from comfydock_cli._frozen_explanations import EXPLANATIONS
    except ImportError:
        return live_explanations()
    return EXPLANATIONS


def explanation_text(code: str, exit_code: int, text: str, width: int) -> str:
    """An explanation as `comfydock explain` prints it."""
    paragraphs = ["\n".join(wrap(paragraph, width, 0)) for paragraph in text.split("\n\n")]
    return "\n\n".join([f"{code} (exit code {exit_code})", *paragraphs]) + "\n"


def live_explanations() -> Explanations:
    """The same, read from the classes."""
    classes: dict[str, type[Exception]] = {UsageError.code: UsageError, Interrupted.code: Interrupted}
    for value in vars(exceptions).values():
        if isinstance(value, type) and issubclass(value, exceptions.ComfyDockError):
            classes[value.code] = value
    found = [(_exit_code(error), code, inspect.cleandoc(error.__doc__ or "")) for code, error in classes.items()]
    return {code: (exit_code, text) for exit_code, code, text in sorted(found)}


def explanations_source() -> str:
    """The text of `_frozen_explanations.py`."""
    rows = "".join(f"    {code!r}: {row!r},\n" for code, row in live_explanations().items())
    return f'"""Error codes, explained; made by the build."""\n\nEXPLANATIONS = {{\n{rows}}}\n'


def _exit_code(error: type[Exception]) -> int:
    code: int = error.exit_code  # type: ignore[attr-defined]
    return code
