"""Removing, measuring and linking."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from comfydock_core.utils.files.filesystem import make_directory_link, measure_tree, remove_tree


def as_somebody_without_privileges(action: Callable[[], None], place: Path) -> int:
    """Run `action` in a child that is not root, in a tree that it owns; returns the exit code."""
    for path in (place, *place.rglob("*")):
        if not path.is_symlink():
            os.chown(path, 65534, -1)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.chdir("/")
            os.setuid(65534)
            action()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.skipif(os.getuid() != 0, reason="changes the user")
def test_read_only_directories_are_removed_by_their_owner() -> None:
    base = Path(tempfile.mkdtemp(prefix="removal-", dir="/tmp"))
    tree = base / "tree"
    (tree / "locked" / "deeper").mkdir(parents=True)
    (tree / "locked" / "deeper" / "file").write_text("")
    (tree / "outside").symlink_to(base)
    (tree / "locked" / "deeper").chmod(0o000)
    (tree / "locked").chmod(0o500)
    base.chmod(0o777)
    assert as_somebody_without_privileges(lambda: remove_tree(str(tree)), tree) == 0
    assert os.listdir(base) == []
    base.rmdir()


def test_a_link_is_removed_and_its_target_stays(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "link").symlink_to(tmp_path / "target")
    remove_tree(str(tmp_path / "tree"))
    (tmp_path / "link").symlink_to(tmp_path / "target")
    remove_tree(str(tmp_path / "link"))
    assert os.listdir(tmp_path) == ["target"]


def test_measuring_does_not_follow_links(tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(b"x" * 1000)
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "small").write_bytes(b"x" * 10)
    (tmp_path / "tree" / "link").symlink_to(tmp_path / "big")
    size, files = measure_tree(str(tmp_path / "tree"))
    assert files == 2
    assert size < 1000


def test_a_link_is_replaced_in_one_step(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        make_directory_link(str(tmp_path / "link"), str(tmp_path / name))
    assert os.readlink(tmp_path / "link") == str(tmp_path / "two")
    assert sorted(os.listdir(tmp_path)) == ["link", "one", "two"]
