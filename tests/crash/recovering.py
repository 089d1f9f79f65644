"""Where a command is killed, and the two ways on: what comes next finishes it, or somebody takes it back."""

import os
from collections.abc import Sequence

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
