"""What the stories about going elsewhere in the history ask again and again."""

import hashlib
import os
import re
from pathlib import Path

from tests.support.miniature import Miniature, git
from tests.support.sessions import Session, refuse_unfinished

WORKFLOW = '{"nodes": [], "links": []}'


def definition(session: Session) -> Path:
    return session.environments / "work/.cec"


def comfyui(session: Session) -> Path:
    return session.environments / "work/ComfyUI"


def packs(session: Session) -> Path:
    return comfyui(session) / "custom_nodes"


def live(session: Session) -> Path:
    return comfyui(session) / "user/default/workflows"


def save(session: Session, name: str, content: str = WORKFLOW) -> Path:
    """Save a workflow as the editor does."""
    path = live(session) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    return path


def head(session: Session) -> str:
    return git(definition(session), "rev-parse", "HEAD").strip()


def branch(session: Session) -> str | None:
    """The branch that the history is on."""
    text = (definition(session) / ".git/HEAD").read_text().strip()
    return text.removeprefix("ref: refs/heads/") if text.startswith("ref: ") else None


def pin_comfyui(session: Session, miniature: Miniature, release: str) -> None:
    """Let the manifest say another ComfyUI, as a person with an editor."""
    manifest = definition(session) / "pyproject.toml"
    text = manifest.read_text()
    text = re.sub(r'comfyui_version = "[^"]*"', f'comfyui_version = "{release}"', text)
    text = re.sub(r'comfyui_commit_sha = "[^"]*"', f'comfyui_commit_sha = "{miniature.commits[release]}"', text)
    manifest.write_text(text)


def contents(session: Session) -> dict[str, object]:
    """All that an environment is made of, by content: files, links, and where ComfyUI and the history are.

    What git and Python keep for themselves is left out, and when something was installed.
    """
    root = session.environments / "work"
    refuse_unfinished(root)
    found: dict[str, object] = {}
    for place, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name not in (".ops", ".git", "__pycache__", ".comfydock")]
        for name in [*folders, *files]:
            path = Path(place, name)
            if path.is_symlink():
                found[str(path.relative_to(root))] = f"link {path.readlink()}"
            elif path.is_file():
                mode = "x" if path.stat().st_mode & 0o100 else ""
                found[str(path.relative_to(root))] = mode + hashlib.sha256(path.read_bytes()).hexdigest()
    found["of ComfyUI"] = git(comfyui(session), "rev-parse", "HEAD").strip()
    return found


def settled(session: Session) -> None:
    """Nothing differs from the last commit, in the eyes of the program and of git."""
    status = session.data("status", "-e", "work")
    assert status["definition"]["clean"] is True, status["definition"]
    assert status["packages"]["state"] == "in-sync", status["packages"]
    assert session.ok("diff", "-e", "work").out == "nothing is different\n"
    assert git(definition(session), "status", "--porcelain") == ""
    assert git(comfyui(session), "status", "--porcelain", "--untracked-files=no", "--", ":!models") == ""
    for repository in (definition(session), comfyui(session)):
        assert git(repository, "fsck", "--strict", "--no-dangling", "--no-progress") == ""
        assert list((repository / ".git").rglob("*.lock")) == []


def goes(session: Session, *words: str) -> None:
    """Go somewhere, and be there whole."""
    session.ok(*words)
    settled(session)


def set_git_config(session: Session, text: str) -> None:
    """Let these be the settings of the user's git; tests have none otherwise."""
    path = Path(session.variables["HOME"]) / "gitconfig"
    path.write_text(text)
    session.variables["GIT_CONFIG_GLOBAL"] = str(path)
