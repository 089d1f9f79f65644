"""The process and its terminal without `os`: streams, environment variables, width, leaving.

`posix` is built into the interpreter and holds what `os` re-exports; loading `os` costs a compiled program a third of
a bare start (`comfydock_core.utils.native` says the same of the library's side; help must not load the library).
"""

import sys

if sys.platform == "win32":
    import os as posix
else:
    import posix

DEFAULT_WIDTH = 80
LEAST_WIDTH = 40
MOST_WIDTH = 100
LEAST_FITTED = 20

# What the interpreter calls before its teardown, in its order: threads are joined, then exit handlers run.
_BEFORE_TEARDOWN = (("threading", "_shutdown"), ("atexit", "_run_exitfuncs"))


def getenv(name: str) -> str | None:
    """An environment variable, or `None` when it is unset or empty."""
    if sys.platform == "win32":
        return posix.environ.get(name) or None
    value = posix.environ.get(name.encode("ascii"))
    return value.decode(sys.getfilesystemencoding(), "surrogateescape") if value else None


def is_terminal(descriptor: int) -> bool:
    """Whether 0 (input), 1 (output) or 2 (errors) is a terminal."""
    try:
        return posix.isatty(descriptor)
    except OSError:
        return False


def terminal_width() -> int:
    """Columns for text: `COLUMNS`, else the terminal's width, else 80; never under 40 or over 100."""
    columns = getenv("COLUMNS") or ""
    width = int(columns) if columns.isdecimal() else 0
    if width == 0 and is_terminal(1):
        try:
            width = posix.get_terminal_size(1).columns
        except OSError:
            width = 0
    return min(max(width or DEFAULT_WIDTH, LEAST_WIDTH), MOST_WIDTH)


def open_width(descriptor: int) -> int | None:
    """The columns that fit on the terminal behind 1 (output) or 2 (errors): `COLUMNS`, else what the terminal says.

    `None` where lines may have any length: in files and pipes, and on a terminal that does not say, or is absurd.
    """
    if not is_terminal(descriptor):
        return None
    columns = getenv("COLUMNS") or ""
    try:
        width = int(columns) if columns.isdecimal() else posix.get_terminal_size(descriptor).columns
    except OSError:
        return None
    return width if width >= LEAST_FITTED else None


def entries_with(directory: str, inner: str) -> list[str]:
    """The names in a directory that have `inner` below them, sorted; none where it cannot be read."""
    try:
        names = sorted(posix.listdir(directory))
    except OSError:
        return []
    return [name for name in names if posix.access(f"{directory}/{name}/{inner}", posix.F_OK)]


def occupy_standard_streams() -> None:
    """Open the null device for every standard stream that came closed.

    Otherwise the next file opened would get its number, and a child's output would be written into that file.
    """
    null = "nul" if sys.platform == "win32" else "/dev/null"
    _forget_stand_ins(null)
    if sys.stdin is not None and sys.stdout is not None and sys.stderr is not None:
        return
    while True:
        descriptor = posix.open(null, posix.O_RDWR)
        if descriptor > 2:
            posix.close(descriptor)
            return


def _forget_stand_ins(null: str) -> None:
    """Nuitka puts the null device where a stream came closed, and what is written there would seem to have arrived.

    A stream that the caller sent to the null device is not called so; it is left alone.
    """
    for name in ("stdin", "stdout", "stderr"):
        if getattr(getattr(sys, name), "name", None) == null:
            setattr(sys, name, None)


def leave(code: int) -> None:
    """End the process with `code`, flushing what was written; a reader that went away makes it 141.

    Threads are waited for and exit handlers called, as ever; only the interpreter's own teardown is skipped, which
    frees what ends with the process anyway: a quarter of a short command's time, ten milliseconds of a long one's.
    """
    for module, finish in _BEFORE_TEARDOWN:
        if module in sys.modules:
            getattr(sys.modules[module], finish)()
    code = _flush(code)
    trace = getenv("COMFYDOCK_MODULES_FILE")
    if trace is not None:
        _write_modules(trace)
    posix._exit(code)


def _flush(code: int) -> int:
    for stream in (sys.stdout, sys.stderr):
        if stream is None:
            continue
        try:
            stream.flush()
        except BrokenPipeError:
            code = 141
            _discard(stream)
        except OSError as error:
            code = code or 6
            _discard(stream)
            if stream is sys.stdout and sys.stderr is not None:
                sys.stderr.write(f"error: cannot write the output: {error.strerror}\n")
    return code


def _discard(stream: object) -> None:
    """Send what is left in a broken stream to the null device, so that leaving does not fail again."""
    descriptor = 1 if stream is sys.stdout else 2
    null = posix.open("nul" if sys.platform == "win32" else "/dev/null", posix.O_WRONLY)
    posix.dup2(null, descriptor)


def _write_modules(path: str) -> None:
    """For the startup tests: which modules this run loaded, one name a line."""
    names = sorted(name for name, module in sys.modules.items() if module is not None)
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(names) + "\n")
