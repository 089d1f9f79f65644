"""What the stories about node packs ask again and again."""

from pathlib import Path
from typing import Any

from tests.e2e.test_failures import state, told
from tests.support.sessions import Session


def custom_nodes(session: Session) -> Path:
    return session.environments / "work" / "ComfyUI" / "custom_nodes"


def directories(session: Session) -> list[str]:
    """The directories among the custom nodes."""
    return sorted(path.name for path in custom_nodes(session).iterdir() if path.is_dir() and path.name[0] != "_")


def packs(session: Session) -> dict[str, tuple[str, str, str]]:
    """Version, source and state of every pack."""
    listed = session.data("node", "list")["packs"]
    return {one["pack"]: (one["version"], one["source"], one["state"]) for one in listed}


def failure(session: Session, code: str, *words: str, **changes: str | None) -> dict[str, Any]:
    """The error of a command that changes nothing, in data and in words."""
    before = state(session)
    error = session.error(*words, **changes)
    assert error["code"] == code, error
    assert error["hint"], error
    ran = told(session.run(*words, **changes), error["exit_code"], error["message"].splitlines()[0])
    assert "  " not in ran.err.partition("error: ")[2].partition("\n")[0]
    assert state(session) == before
    return error
