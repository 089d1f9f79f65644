"""Where a command is killed, and the two ways on: what comes next finishes it, or somebody takes it back."""

import itertools
import os
import signal
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from tests.crash.conftest import Field

OF_WORK = ("-e", "work")


def settle(field: Field, scope: tuple[str, ...] = OF_WORK, fault: str = "") -> int:
    """What any writing command does first; pruning to everything that is kept changes nothing else."""
    return field.run("operation", "prune", "--keep", "99", *scope, fault=fault)


def undo(field: Field, scope: tuple[str, ...] = OF_WORK, fault: str = "") -> int:
    """Take back what was stopped. What was finished already, or never was begun, is left alone."""
    listed = field.session.data("operation", "list", *scope)["operations"]
    if listed and listed[-1]["state"] in ("staging", "applying"):
        return field.run("operation", "undo", *scope, fault=fault)
    return 0


WAYS = (settle, undo)
NIGHTLY = bool(os.environ.get("COMFYDOCK_TEST_NIGHTLY"))


def tried(points: Sequence[str]) -> list[int]:
    """The numbers of the points at which a command is killed: all of them by night, else the last of each kind.

    A kind is what the program does there, whatever it does it to; the points of one kind differ by the file only.
    """
    if NIGHTLY:
        return list(range(1, len(points) + 1))
    return sorted({point: at for at, point in enumerate(points, 1)}.values())


class Trial(NamedTuple):
    """One point at which a command is killed, and the way on from there, which may be killed at all its points, too."""

    at: int
    recover: Callable[..., int]
    kills_recovery: bool


def trials(points: Sequence[str], thoroughly: Collection[int] = ()) -> list[Trial]:
    """What is tried of the points of a command: by night, and at points that are named, both ways, killed everywhere.

    Else one way at the last point of each kind.
    """
    return [
        Trial(at, recover, kills_recovery=NIGHTLY or at in thoroughly)
        for at in sorted({*tried(points), *thoroughly})
        for recover in (WAYS if NIGHTLY or at in thoroughly else (WAYS[at % 2],))
    ]


def recovered(
    field: Field,
    words: Sequence[str],
    points: Sequence[str],
    chosen: Iterable[Trial],
    *,
    begin: Callable[[], None] | None = None,
    scope: tuple[str, ...] = OF_WORK,
) -> Iterator[str]:
    """Kill a command, and recover, for each trial; what is yielded names the trial whose end is to be looked at.

    `begin` makes the state that the command finds, by default that of the field.
    """
    for at, recover, kills_recovery in chosen:
        for second in itertools.count(1) if kills_recovery else (0,):
            (begin or field.reset)()
            assert field.run(*words, fault=f"kill:{at}") == -signal.SIGKILL, points[at - 1]
            cut = recover(field, scope, f"kill:{second}" if second else "")
            settle(field, scope)
            yield f"{at} ({points[at - 1]}), {recover.__name__} {second}"
            if cut == 0:
                break


def both_seen(name: str, points: Sequence[str], ended: Mapping[str, int]) -> None:
    """Tell how many trials ended in which way, and fail unless every way was seen."""
    print(f"\n{name}: {len(points)} points, {sum(ended.values())} runs, {dict(ended)}")
    assert min(ended.values()) > 0


def undo_killed_anywhere_ends_old_or_new(
    field: Field, words: Sequence[str], look: Callable[[Field], dict[str, object]]
) -> None:
    """Kill the undo of a command at what is tried of its points, and see that what comes next leaves one of both."""
    field.reset()
    old = look(field)
    assert field.run(*words) == 0
    new = look(field)
    log = field.session.workspace.parent / "points"
    log.unlink(missing_ok=True)
    assert field.run("undo", *OF_WORK, log=log) == 0
    assert look(field) == old
    points = log.read_text().splitlines()
    for at in tried(points):
        field.reset()
        assert field.run(*words) == 0
        assert field.run("undo", *OF_WORK, fault=f"kill:{at}") == -signal.SIGKILL, points[at - 1]
        settle(field)
        assert look(field) in (old, new), f"{at} ({points[at - 1]})"
