"""The two ways on from a command that was killed: what comes next finishes it, or somebody takes it back."""

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
