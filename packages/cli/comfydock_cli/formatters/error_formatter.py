"""An error, told to a person or to a program, and its exit code.

An error that carries `code`, `exit_code` and `message` is one of ours, whether of the command line or of the library;
neither needs to be loaded to tell them apart.
"""

from comfydock_cli.table.suggest import nearest
from comfydock_cli.ui.console import Console

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Told(Protocol):
        """What errors of ours carry."""

        code: str
        exit_code: int
        message: str
        hint: str | None
        context: dict[str, object]


Facts = dict[str, object]


def report(error: Exception, words: list[str]) -> int:
    """Write the error where it belongs and return the exit code."""
    facts = describe(error)
    if _wants_json(words):
        return _tell_json(facts, words)
    verbose = "-v" in words or "--verbose" in words
    if verbose and facts["code"] == "unexpected":
        _trace(error)
    return _tell(facts)


def report_interruption(signal: int, words: list[str]) -> int:
    """Say that the command was stopped by a signal; the exit code is the shell's for it."""
    message = "interrupted" if signal == 2 else f"stopped by signal {signal}"
    facts: Facts = {"code": "interrupted", "exit_code": 128 + signal, "message": message, "hint": None, "context": {}}
    return _tell_json(facts, words) if _wants_json(words) else _tell(facts)


def describe(error: Exception) -> Facts:
    """Code, exit code, message, hint and context of any exception."""
    if hasattr(error, "exit_code") and hasattr(error, "message"):
        ours: Told = error  # type: ignore[assignment]
        hint = _near_hint(ours.context) or ours.hint
        return {"code": ours.code, "exit_code": ours.exit_code, "message": ours.message, "hint": hint,
                "context": ours.context}  # fmt: skip
    if isinstance(error, OSError):
        return _file_system(error)
    return {
        "code": "unexpected", "exit_code": 1, "message": f"unexpected {type(error).__name__}: {error}",
        "hint": "this is a fault of ComfyDock; run again with `--verbose` to see where", "context": {},
    }  # fmt: skip


def _near_hint(context: dict[str, object]) -> str | None:
    """A mistyped environment is answered with the one that was probably meant."""
    name, known = context.get("environment"), context.get("known")
    if isinstance(name, str) and isinstance(known, list):
        near = nearest(name, known)
        if near is not None:
            return f"did you mean `{near}`? `comfydock list` shows the environments"
    return None


def _file_system(error: OSError) -> Facts:
    if error.errno == 2 and error.filename is None:  # ENOENT about no file: only asking where we are ends so.
        return {
            "code": "file-system", "exit_code": 6, "message": "the current directory does not exist any more",
            "hint": "change to a directory that exists, and run the command again there", "context": {"path": None},
        }  # fmt: skip
    reason = error.strerror or str(error)
    where = f" `{error.filename}`" if error.filename else ""
    return {
        "code": "file-system", "exit_code": 6, "message": f"{reason}{where}",
        "hint": _FILE_SYSTEM_HINTS.get(error.errno or 0),
        "context": {"path": str(error.filename) if error.filename else None},
    }  # fmt: skip


_FILE_SYSTEM_HINTS = {
    9: "give the program an open standard output, or send it to a file",
    13: "check who owns the place and its permissions",
    28: "free some space and try again",
    30: "the place is mounted read-only",
}


def _tell(facts: Facts) -> int:
    console = Console()
    console.error(f"error: {facts['message']}")
    if facts["hint"]:
        console.error(f"\nhint: {facts['hint']}")
    return _exit_code(facts)


def _tell_json(facts: Facts, words: list[str]) -> int:
    from comfydock_cli.formatters.envelope import failure

    told = {key: facts[key] for key in ("code", "message", "hint", "context")}
    code = _exit_code(facts)
    try:
        Console().json(failure(_command(words), code, [told]))
    except BrokenPipeError:
        return 141
    except OSError:  # Standard output itself is what is wrong, so the error is reported where it can be read.
        return _tell(facts)
    return code


def _trace(error: Exception) -> None:
    import traceback

    Console().error("".join(traceback.format_exception(error)).rstrip("\n"))


def _exit_code(facts: Facts) -> int:
    code = facts["exit_code"]
    assert isinstance(code, int)
    return code


def _wants_json(words: list[str]) -> bool:
    before = words[: words.index("--")] if "--" in words else words
    return "--json" in before


def _command(words: list[str]) -> str:
    """The command's words as far as they are known, for the envelope."""
    from comfydock_cli.table import resolve

    path: tuple[str, ...] = ()
    for word in words:
        if not word.startswith("-") and resolve.find((*path, word)) is not None:
            path = (*path, word)
    return " ".join(path)
