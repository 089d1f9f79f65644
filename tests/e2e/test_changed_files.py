"""Files of node packs that are not as they came are shown where packs are shown, and git is asked once."""

import os
from pathlib import Path

import pytest

from tests.support.pack_host import PackHost, pack_files
from tests.support.sessions import Session


@pytest.fixture
def changed(work: Session, host: PackHost) -> Session:
    """An environment with a pack from git, one from the registry and an untouched one; two have a changed file."""
    host.add_repository("alice", "Fancy")
    host.add("plain", files=pack_files())
    host.add("untouched", files=pack_files())
    work.ok("node", "add", "https://github.com/alice/Fancy", "plain", "untouched")
    assert "changed" not in work.ok("node", "list").out
    for pack in ("Fancy", "plain"):
        append(work, pack)
    return work


def append(session: Session, pack: str) -> None:
    path = Path(session.environments, "work/ComfyUI/custom_nodes", pack, "__init__.py")
    path.write_text(path.read_text() + "# mine\n")


def test_they_are_in_the_list_of_packs_in_the_status_and_in_the_long_list(changed: Session) -> None:
    listed = {pack["name"]: pack["changed_files"] for pack in changed.data("node", "list")["packs"]}
    assert listed == {"Fancy": ["__init__.py"], "plain": ["__init__.py"], "untouched": []}
    assert changed.ok("node", "list").out.count("changed: __init__.py") == 2
    status = changed.ok("status").out
    assert "3 packs, 2 with changed files\n" in status
    assert "    ~ Fancy: __init__.py\n    ~ plain: __init__.py\n" in status
    assert changed.data("status")["packs"]["changed_files"] == {"Fancy": ["__init__.py"], "plain": ["__init__.py"]}
    assert "changed files in 2 packs" in changed.ok("list", "--long").out


def test_files_that_the_pack_itself_writes_are_no_changes(changed: Session) -> None:
    Path(changed.environments, "work/ComfyUI/custom_nodes/untouched/settings.json").write_text("{}")
    assert set(changed.data("status")["packs"]["changed_files"]) == {"Fancy", "plain"}


def test_git_is_asked_again_only_when_files_were_written_since(changed: Session) -> None:
    changed.ok("node", "list")
    assert set(changed.data("status", PATH="")["packs"]["changed_files"]) == {"Fancy", "plain"}
    append(changed, "Fancy")
    assert set(changed.data("status", PATH="")["packs"]["changed_files"]) == {"plain"}  # Nobody there to tell.
    assert set(changed.data("status")["packs"]["changed_files"]) == {"Fancy", "plain"}


def test_a_change_is_seen_when_size_and_time_are_as_before(changed: Session) -> None:
    path = Path(changed.environments, "work/ComfyUI/custom_nodes/untouched/__init__.py")
    assert set(changed.data("status")["packs"]["changed_files"]) == {"Fancy", "plain"}
    times, text = path.stat(), path.read_text()
    path.write_text(text.swapcase())
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert path.stat().st_size == times.st_size
    assert "untouched" in changed.data("status")["packs"]["changed_files"]


def test_a_file_put_back_is_no_change_any_more(changed: Session) -> None:
    changed.ok("status")
    path = Path(changed.environments, "work/ComfyUI/custom_nodes/plain/__init__.py")
    path.write_text(path.read_text().replace("# mine\n", ""))
    assert set(changed.data("status")["packs"]["changed_files"]) == {"Fancy"}


def test_a_note_that_cannot_be_kept_is_no_failure(changed: Session) -> None:
    note = changed.workspace / "logs/work/changed_files.json"
    note.unlink()
    note.mkdir()
    assert set(changed.data("status")["packs"]["changed_files"]) == {"Fancy", "plain"}
