"""Finding rows of the table by words.

A frozen build carries `_snapshot`: the rows as literal tuples, made into objects one at a time. A source checkout has
none and loads the module of the group that the first word belongs to.
"""

from comfydock_cli.table.spec import Arg, Command

Path = tuple[str, ...]

# Where a snapshot's tuple has these fields of a row.
_SUMMARY, _ABOUT, _ARGS, _HIDDEN = (Command.__slots__.index(name) for name in ("summary", "about", "args", "hidden"))

# Which module holds the rows of a first word. A test holds this against the modules.
_MODULE_OF = {
    **dict.fromkeys(("create", "list", "use", "status", "run", "delete", "manifest"), "environments"),
    **dict.fromkeys(("init", "config", "logs"), "workspace"),
    **dict.fromkeys(("help", "explain", "completion", "__complete", "__check"), "program"),
}


def _snapshot() -> dict[Path, tuple[object, ...]] | None:
    try:
        from comfydock_cli.table._snapshot import ROWS
    except ImportError:
        return None
    return ROWS


_ROWS = _snapshot()
_FIRST_WORDS = tuple(_MODULE_OF) if _ROWS is None else tuple(dict.fromkeys(path[0] for path in _ROWS))


def find(path: Path) -> Command | None:
    """The row of exactly these words, which may be a group (a row without a handler)."""
    if _ROWS is not None:
        row = _ROWS.get(path)
        return None if row is None else materialise(row)
    for command in _group(path[0]) if path else ():
        if command.path == path:
            return command
    return None


def children(path: Path) -> list[str]:
    """The words that may follow these, hidden ones left out."""
    if not path:
        return [word for word in _FIRST_WORDS if not word.startswith("_")]
    paths = _ROWS if _ROWS is not None else [command.path for command in _group(path[0])]
    depth = len(path)
    return [found[depth] for found in paths if len(found) == depth + 1 and found[:depth] == path]


def exists(path: Path) -> bool:
    if _ROWS is not None:
        return path in _ROWS
    return any(command.path == path for command in _group(path[0]))


def outline() -> list[tuple[str, Path, str]]:
    """Heading, words and summary of every visible row, in the table's order."""
    if _ROWS is not None:
        return [(str(row[_ABOUT]), path, str(row[_SUMMARY])) for path, row in _ROWS.items() if not row[_HIDDEN]]
    return [(command.about, command.path, command.summary) for command in all_commands() if not command.hidden]


def all_commands() -> list[Command]:
    """Every row, hidden ones and groups too."""
    if _ROWS is not None:
        return [materialise(row) for row in _ROWS.values()]
    return [command for module in dict.fromkeys(_MODULE_OF.values()) for command in _rows_of(module)]


def materialise(row: tuple[object, ...]) -> Command:
    """A row of the snapshot as an object."""
    fields = list(row)
    fields[_ARGS] = tuple(Arg(*arg) for arg in row[_ARGS])  # type: ignore[attr-defined]
    return Command(*fields)  # type: ignore[arg-type]


def _group(first: str) -> tuple[Command, ...]:
    module = _MODULE_OF.get(first)
    return () if module is None else _rows_of(module)


def _rows_of(module: str) -> tuple[Command, ...]:
    # Named one by one, so that freezers and type checkers see them.
    if module == "environments":
        from comfydock_cli.table import environments

        return environments.COMMANDS
    if module == "workspace":
        from comfydock_cli.table import workspace

        return workspace.COMMANDS
    from comfydock_cli.table import program

    return program.COMMANDS
