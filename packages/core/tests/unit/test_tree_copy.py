"""Doubling trees: by links, and as copies."""

import filecmp
import os
import shutil
import socket
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from comfydock_core.utils.files import tree_copy
from comfydock_core.utils.files.tree_copy import Doubles, copy_tree, link_tree
from tests.support.miniature import commit, git

NAMES = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=8).filter(
    lambda name: name not in (".", "..")
)
TREES = st.recursive(st.binary(max_size=20), lambda inner: st.dictionaries(NAMES, inner, max_size=4), max_leaves=12)

BOTH = pytest.mark.parametrize("double", [link_tree, copy_tree])


@pytest.fixture(autouse=True, params=["descriptors", "paths"])
def ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways of naming what is in a directory; Windows has paths only."""
    if request.param == "paths":
        monkeypatch.setattr(tree_copy, "_BELOW_DESCRIPTORS", False)


def write(place: Path, tree: object) -> None:
    if isinstance(tree, bytes):
        place.write_bytes(tree)
        return
    assert isinstance(tree, dict)
    place.mkdir()
    for name, inner in tree.items():
        write(place / name, inner)


def deep_and_wide(content: bytes = b"content") -> dict[str, object]:
    """Many branches, so that several are filled at once."""
    inner: dict[str, object] = {"file": content}
    for name in "fedcba":
        inner = {f"{name}{number}": inner for number in range(2)}
    return inner


def seen(root: Path) -> dict[str, tuple[object, ...]]:
    """Mode, time and content of everything below."""
    found: dict[str, tuple[object, ...]] = {}
    for path in sorted(root.rglob("*")):
        known = path.lstat()
        content = os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else None
        time = None if path.is_symlink() else known.st_mtime_ns
        found[str(path.relative_to(root))] = (known.st_mode, time, content)
    return found


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "Große Ablage ☃"
    write(root, {"file": b"content", "deep": {"er": {"script": b"#!/bin/sh\n", "empty": {}}}, "locked": {"in": b""}})
    (root / "deep/er/script").chmod(0o755)
    (root / "link").symlink_to("file")
    (root / "outside").symlink_to(tmp_path)
    (root / "dangling").symlink_to("nowhere")
    os.utime(root / "file", (1, 1))
    os.utime(root / "deep/er", (2, 2))
    (root / "locked").chmod(0o555)
    return root


@BOTH
def test_the_double_looks_like_the_original(tree: Path, tmp_path: Path, double: Callable[[str, str], None]) -> None:
    double(str(tree), str(tmp_path / "double"))
    assert seen(tmp_path / "double") == seen(tree)


@BOTH
def test_deep_branches_look_like_the_original(tmp_path: Path, double: Callable[[str, str], None]) -> None:
    write(tmp_path / "tree", deep_and_wide())
    for number, path in enumerate(sorted((tmp_path / "tree").rglob("*"), reverse=True)):
        path.chmod(0o755 if number % 2 else 0o555)
        os.utime(path, (number, number))
    double(str(tmp_path / "tree"), str(tmp_path / "double"))
    assert seen(tmp_path / "double") == seen(tmp_path / "tree")


@BOTH
@pytest.mark.parametrize("mode", [0o777, 0o770, 0o700, 0o555, 0o2755, 0o1777])
def test_modes_are_kept_whatever_new_directories_get(
    tmp_path: Path, double: Callable[[str, str], None], mode: int
) -> None:
    write(tmp_path / "tree", {"inner": {"file": b""}})
    (tmp_path / "tree/inner").chmod(mode)
    before = os.umask(0o027)
    try:
        double(str(tmp_path / "tree"), str(tmp_path / "double"))
        assert os.umask(0o027) == 0o027
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "double/inner").stat().st_mode) == mode


def test_trouble_deep_in_a_branch_is_an_error(tmp_path: Path, small_disk: Callable[[str], Path]) -> None:
    write(tmp_path / "tree", deep_and_wide(os.urandom(1 << 20)))
    with pytest.raises(OSError, match="No space left"):
        link_tree(str(tmp_path / "tree"), str(small_disk("size=2m") / "double"))


@BOTH
def test_an_error_names_the_whole_path(
    tmp_path: Path, double: Callable[[str, str], None], small_disk: Callable[[str], Path]
) -> None:
    write(tmp_path / "tree", {"a": {"b": {"c": {"d": {}}}}})
    disk = small_disk("size=1m,nr_inodes=4")  # The third directory in it is one too many.
    with pytest.raises(OSError, match="No space left") as caught:
        double(str(tmp_path / "tree"), str(disk / "double"))
    assert caught.value.filename == str(disk / "double/a/b/c")


@BOTH
def test_a_place_that_is_taken_is_left_alone(tree: Path, tmp_path: Path, double: Callable[[str, str], None]) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "mine").write_text("mine")
    with pytest.raises(FileExistsError):
        double(str(tree), str(tmp_path / "taken"))
    assert os.listdir(tmp_path / "taken") == ["mine"]


@BOTH
def test_a_source_that_is_missing_is_told(tmp_path: Path, double: Callable[[str, str], None]) -> None:
    with pytest.raises(FileNotFoundError):
        double(str(tmp_path / "nothing"), str(tmp_path / "double"))


@given(tree=st.dictionaries(NAMES, TREES, max_size=4))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@BOTH
def test_any_tree_is_doubled(
    tree: dict[str, object], double: Callable[[str, str], None], tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = tmp_path_factory.mktemp("any")
    write(place / "tree", tree)
    double(str(place / "tree"), str(place / "double"))
    assert seen(place / "double") == seen(place / "tree")


def test_linked_files_are_the_same_files(tree: Path, tmp_path: Path) -> None:
    link_tree(str(tree), str(tmp_path / "double"))
    assert (tmp_path / "double/deep/er/script").samefile(tree / "deep/er/script")


def test_copied_files_are_files_of_their_own(tree: Path, tmp_path: Path) -> None:
    copy_tree(str(tree), str(tmp_path / "double"))
    with (tmp_path / "double/file").open("ab") as file:
        file.write(b" and more")
    assert (tree / "file").read_bytes() == b"content"


def test_on_another_device_files_are_copied(tree: Path, tmp_path: Path, small_disk: Callable[[str], Path]) -> None:
    double = small_disk("size=4m") / "double"
    link_tree(str(tree), str(double))
    assert seen(double) == seen(tree)
    assert (double / "file").stat().st_nlink == 1


def test_a_file_with_all_the_links_it_can_have_is_copied(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "links").mkdir()
    file = tmp_path / "tree/file"
    file.write_text("popular")
    for number in range(100_000):
        try:
            os.link(file, tmp_path / f"links/{number}")
        except OSError:
            break
    else:
        pytest.skip("this file system has no limit on links")
    link_tree(str(tmp_path / "tree"), str(tmp_path / "double"))
    assert (tmp_path / "double/file").read_text() == "popular"
    assert (tmp_path / "double/file").stat().st_nlink == 1


def test_a_full_disk_is_an_error(tmp_path: Path, small_disk: Callable[[str], Path]) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/big").write_bytes(b"x" * 1_000_000)
    with pytest.raises(OSError, match="No space left"):
        copy_tree(str(tmp_path / "tree"), str(small_disk("size=64k") / "double"))


def test_blocks_are_shared_where_the_file_system_can(tmp_path: Path) -> None:
    """Three times the file would not fit."""
    if shutil.which("mkfs.btrfs") is None:
        pytest.skip("there is no program mkfs.btrfs")
    image, disk = tmp_path / "image", tmp_path / "disk"
    disk.mkdir()
    with image.open("wb") as file:
        file.truncate(200_000_000)
    subprocess.run(["mkfs.btrfs", "--quiet", str(image)], check=True, capture_output=True)
    if subprocess.run(["mount", "-o", "loop", str(image), str(disk)], capture_output=True).returncode != 0:
        pytest.skip("mounting a file system is not allowed here")
    try:
        (disk / "tree").mkdir()
        (disk / "tree/big").write_bytes(os.urandom(80_000_000))
        for number in range(3):
            copy_tree(str(disk / "tree"), str(disk / f"copy{number}"))
            assert filecmp.cmp(disk / "tree/big", disk / f"copy{number}/big", shallow=False)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_names_to_skip_are_those_at_the_top(tmp_path: Path) -> None:
    write(tmp_path / "tree", {"models": {"big": b"x"}, "main.py": b"", "comfy": {"models": b"inner"}})
    copy_tree(str(tmp_path / "tree"), str(tmp_path / "double"), skip={"models", "output"})
    assert sorted(seen(tmp_path / "double")) == ["comfy", "comfy/models", "main.py"]


def test_pipes_and_sockets_come_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tree").mkdir()
    os.mkfifo(tmp_path / "tree/pipe")
    monkeypatch.chdir(tmp_path / "tree")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        copy_tree(str(tmp_path / "tree"), str(tmp_path / "double"))
    assert stat.S_ISFIFO((tmp_path / "double/pipe").stat().st_mode)
    assert stat.S_ISSOCK((tmp_path / "double/socket").stat().st_mode)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "pack"
    root.mkdir()
    git(root, "init", "--quiet", "--initial-branch=main")
    (root / "nodes.py").write_text("one = 1\n")
    (root / "objects").mkdir()
    (root / "objects/mine.txt").write_text("mine\n")
    commit(root, "One")
    git(root, "gc", "--quiet")
    (root / "nodes.py").write_text("two = 2\n")
    commit(root, "Two")
    return root


def without_times(tree: dict[str, tuple[object, ...]]) -> dict[str, tuple[object, ...]]:
    """Git marks an object that it needs again by a new time."""
    return {name: (mode, content) for name, (mode, _, content) in tree.items()}


def inodes(root: Path) -> dict[str, int]:
    return {str(path.relative_to(root)): path.stat().st_ino for path in root.rglob("*") if path.is_file()}


def test_trees_of_both_kinds_are_doubled_at_once(tree: Path, repository: Path, tmp_path: Path) -> None:
    doubles = Doubles()
    doubles.copy(str(repository), str(tmp_path / "copy"), skip={"nodes.py"})
    doubles.link(str(tree), str(tmp_path / "links"))
    assert not (tmp_path / "copy").exists()
    doubles.make()
    assert seen(tmp_path / "links") == seen(tree)
    assert (tmp_path / "links/file").samefile(tree / "file")
    assert not (tmp_path / "copy/objects/mine.txt").samefile(repository / "objects/mine.txt")
    assert not (tmp_path / "copy/nodes.py").exists()


def test_only_the_objects_of_a_repository_are_shared(repository: Path, tmp_path: Path) -> None:
    copy_tree(str(repository), str(tmp_path / "copy"))
    one, other = inodes(repository), inodes(tmp_path / "copy")
    shared = {name for name, inode in one.items() if other[name] == inode}
    assert shared == {name for name in one if name.startswith(".git/objects/")}
    assert len(shared) >= 5


def test_a_repository_inside_another_shares_its_objects_too(repository: Path, tmp_path: Path) -> None:
    modules = repository / ".git/modules/sub"
    modules.parent.mkdir()
    git(tmp_path, "clone", "--quiet", "--bare", str(repository), str(modules))
    copy_tree(str(repository), str(tmp_path / "copy"))
    one, other = inodes(modules), inodes(tmp_path / "copy/.git/modules/sub")
    assert {name for name, inode in one.items() if other[name] == inode} == {
        name for name in one if name.startswith("objects/")
    }


def test_whatever_git_does_to_the_copy_leaves_the_original_whole(repository: Path, tmp_path: Path) -> None:
    before = without_times(seen(repository))
    copy = tmp_path / "copy"
    copy_tree(str(repository), str(copy))
    git(copy, "checkout", "--quiet", "-b", "other", "HEAD~1")
    (copy / "nodes.py").write_text("three = 3\n")
    commit(copy, "Three")
    git(copy, "reflog", "expire", "--expire=now", "--all")
    git(copy, "branch", "-D", "main")
    git(copy, "gc", "--quiet", "--prune=now", "--aggressive")
    git(copy, "repack", "-a", "-d", "-f", "--quiet")
    assert without_times(seen(repository)) == before
    fsck = subprocess.run(["git", "-C", str(repository), "fsck", "--strict"], capture_output=True)
    assert fsck.returncode == 0
