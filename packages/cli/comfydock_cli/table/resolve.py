"""Finding rows of the table by words.

A frozen build carries `_snapshot`: the rows marshalled, made into objects one at a time. A source checkout has
none; there `live` loads the module of the group that the first word belongs to.
"""

import marshal

from comfydock_cli.table.spec import Arg, Command

try:
    from comfydock_cli.table._snapshot import OUTLINE, ROWS

    FROZEN = True
except ImportError:
    FROZEN = False

Path = tuple[str, ...]

_ARGS = 6  # Where a row of the snapshot has its arguments.


def find(path: Path) -> Command | None:
    """The row of exactly these words, which may be a group (a row without a handler)."""
    if FROZEN:
        words = " ".join(path)
        if words.count(" ") >= len(path) or words not in ROWS:  # A word with a space in it is not two.
            return None
        return materialise(marshal.loads(ROWS[words]))
    from comfydock_cli.table import live

    return live.find(path)


def children(path: Path) -> list[str]:
    """The words that may follow these, hidden ones left out."""
    if FROZEN:
        paths = [tuple(words.split()) for words in ROWS]
    else:
        from comfydock_cli.table import live

        paths = live.paths(path[0] if path else None)
    depth = len(path)
    following = [found[depth] for found in paths if len(found) == depth + 1 and found[:depth] == path]
    return [word for word in following if not word.startswith("_")]


def outline() -> list[tuple[str, Path, str]]:
    """Heading, words and summary of every visible row, in the table's order."""
    if FROZEN:
        outline: list[tuple[str, Path, str]] = marshal.loads(OUTLINE)
        return outline
    return [(command.about, command.path, command.summary) for command in all_commands() if not command.hidden]


def all_commands() -> list[Command]:
    """Every row, hidden ones and groups too."""
    if FROZEN:
        return [materialise(marshal.loads(row)) for row in ROWS.values()]
    from comfydock_cli.table import live

    return live.all_commands()


def materialise(row: tuple[object, ...]) -> Command:
    """A row of the snapshot as an object."""
    fields = list(row)
    fields[_ARGS] = tuple(Arg(*arg) for arg in row[_ARGS])  # type: ignore[attr-defined]
    return Command(*fields)  # type: ignore[arg-type]
