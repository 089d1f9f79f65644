"""The real program, killed at each kind of point of its changes: afterwards everything is as before or as after.

With `COMFYDOCK_TEST_NIGHTLY=1` at every point; recovery is killed at every point, too, and both ways of recovery are
tried everywhere.
"""

import pytest

from tests.crash.conftest import Field
from tests.crash.recovering import OF_WORK, both_seen, recovered, trials

COMMANDS = {
    "create": ("create", "new", "--torch-backend", "none", "--use"),
    "clone": ("clone", "work", "new", "--use"),
    "delete": ("delete", "work", "--yes"),
    "rename": ("rename", "work", "new"),
    "sync": ("backend", "use", "cu128", "-e", "work"),
    "repair": ("repair", "-e", "work"),
}
OF_ENVIRONMENT = ("sync", "repair")


def where(name: str) -> tuple[str, ...]:
    """The scope of a command."""
    return OF_WORK if name in OF_ENVIRONMENT else ("--workspace",)


def looks_new(field: Field, name: str) -> bool:
    """Whether the change is there, whole: what it made works."""
    session = field.session
    listed = {row["name"] for row in session.data("list")["environments"]}
    expected = {"delete": {"spare"}, "rename": {"new", "spare"}}.get(
        name, {"work", "spare", "new"} if name in ("create", "clone") else {"work", "spare"}
    )
    if listed != expected:
        return False
    active = session.data("list")["active"]
    if name in ("create", "clone", "rename") and active != "new":
        return False
    if name == "delete":
        return active is None
    subject = "new" if name in ("create", "clone", "rename") else "work"
    status = session.data("status", "-e", subject)
    backend = {"sync": "cu128", "create": "none"}.get(name, "cpu")
    lost = session.environments / subject / ".venv" / LOST
    return (status["packages"]["state"], status["torch_backend"], lost.is_file()) == ("in-sync", backend, True)


LOST = "lib/python3.11/site-packages/mini_imaging/__init__.py"


def begin(field: Field, name: str) -> None:
    """The state before the command; what is repaired lacks a file."""
    field.reset()
    if name == "repair":
        (field.session.environments / "work" / ".venv" / LOST).unlink()


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_killed_at_any_point_ends_old_or_new(field: Field, name: str) -> None:
    points = field.points(*COMMANDS[name])
    begin(field, name)
    old = field.state()
    ended = {"old": 0, "new": 0}
    for place in recovered(
        field, COMMANDS[name], points, trials(points), begin=lambda: begin(field, name), scope=where(name)
    ):
        state = "old" if field.state() == old else "new"
        assert state == "old" or looks_new(field, name), place
        ended[state] += 1
    both_seen(name, points, ended)
