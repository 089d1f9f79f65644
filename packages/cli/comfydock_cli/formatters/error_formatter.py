"""An error, told to a person or to a program, and its exit code.

An error that carries `code`, `exit_code` and `message` is one of ours, whether of the command line or of the library;
neither needs to be loaded to tell them apart.
"""

from comfydock_cli.table.suggest import nearest
from comfydock_cli.ui.console import Console


def report(error: Exception, words: list[str]) -> int:
    """Write the error where it belongs and return the exit code."""
    facts = describe(error)
    code = facts["exit_code"]
    assert isinstance(code, int)
    if _wants_json(words):
        from comfydock_cli.formatters.envelope import failure

        told = {key: facts[key] for key in ("code", "message", "hint", "context")}
        Console().data(failure(_command(words), code, [told]))
    else:
        _tell(error, facts, verbose="-v" in words or "--verbose" in words)
    return code


def describe(error: Exception) -> dict[str, object]:
    """Code, exit code, message, hint and context of any exception."""
    if hasattr(error, "exit_code") and hasattr(error, "message"):
        context = dict(error.context)  # type: ignore[attr-defined]
        hint = _near_hint(context) or error.hint  # type: ignore[attr-defined]
        return {
            "code": error.code, "exit_code": error.exit_code,  # type: ignore[attr-defined]
            "message": error.message, "hint": hint, "context": context,
        }  # fmt: skip
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


def _file_system(error: OSError) -> dict[str, object]:
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


def _tell(error: Exception, facts: dict[str, object], verbose: bool) -> None:
    console = Console()
    if verbose and facts["code"] == "unexpected":
        import traceback

        console.error("".join(traceback.format_exception(error)).rstrip("\n"))
    console.error(f"error: {facts['message']}")
    if facts["hint"]:
        console.error(f"\nhint: {facts['hint']}")


def _wants_json(words: list[str]) -> bool:
    before = words[: words.index("--")] if "--" in words else words
    return "--json" in before


def _command(words: list[str]) -> str:
    """The command's words as far as they are known, for the envelope."""
    from comfydock_cli.table import resolve

    path: tuple[str, ...] = ()
    for word in words:
        if not word.startswith("-") and (*path, word)[:1] and resolve.find((*path, word)) is not None:
            path = (*path, word)
    return " ".join(path)
