"""Patches of changed files: applying one to the files as they came makes them what they were changed to."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from comfydock_core.core.usecases.history.patches import COMFYUI, held_patches, patch_path
from comfydock_core.integrations import git_options
from comfydock_core.integrations.git.patches import patch_of_checkout, patch_of_files
from tests.support.miniature import git
from tests.support.sessions import tree

BEFORE = {
    "plain.py": b"one\ntwo\nthree\n",
    "endings.txt": b"one\r\ntwo\r\n",
    "binary.bin": bytes(range(256)) * 10,
    "latin.txt": b"caf\xe9\n",
    "gone.py": b"away\n",
    "mode.sh": b"#!/bin/sh\n",
    'sub/ä b ".py': b"x = 1\n",
    "no end": b"no newline",
    ".gitattributes": b"* text=auto\n*.bin diff=mine\n",
}
AFTER = {
    "plain.py": b"one\n2\nthree\n",
    "endings.txt": b"one\r\n2\r\n",
    "binary.bin": bytes(reversed(range(256))) * 10,
    "latin.txt": b"th\xe9\n",
    "gone.py": None,
    'sub/ä b ".py': b"x = 2\n",
    "no end": b"still no newline",
}


def write(place: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def change(place: Path) -> None:
    for name, content in AFTER.items():
        if content is None:
            (place / name).unlink()
        else:
            (place / name).write_bytes(content)
    (place / "mode.sh").chmod(0o755)


def apply(patch: bytes, place: Path) -> None:
    """By git, where there is no repository."""
    environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(place.parent)}
    subprocess.run(["git", "apply", "--whitespace=nowarn"], input=patch, cwd=place, check=True, env=environment)


def files_of(place: Path) -> dict[str, object]:
    return {
        str(path.relative_to(place)): (path.read_bytes(), bool(path.stat().st_mode & 0o100))
        for path in sorted(place.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(place).parts
    }


@pytest.fixture
def habits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own settings, which would change what git writes; the file is made by a program that runs."""
    ran, config = tmp_path / "ran", tmp_path / "gitconfig"
    program = f"touch {ran};"
    config.write_text(
        f'[diff]\nexternal = "{program}"\nnoprefix = true\nmnemonicPrefix = true\nrenames = copies\ncontext = 0\n'
        f'[diff "mine"]\ntextconv = "{program} cat"\ncommand = "{program}"\n[color]\nui = always\n'
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", program)
    monkeypatch.setenv("GIT_DIFF_OPTS", "--unified=0")
    monkeypatch.setattr(git_options, "_users_filters", None)  # As at the start of a program.
    return ran


@pytest.fixture
def copies(tmp_path: Path) -> tuple[Path, Path, Path]:
    """The files as they came, changed ones, and those to apply the patch to."""
    places = tmp_path / "kept", tmp_path / "changed", tmp_path / "elsewhere"
    for place in places:
        write(place, BEFORE)
    change(places[1])
    (tmp_path / "scratch").mkdir()
    return places


def test_a_patch_of_files_without_a_history_makes_the_same_of_them(
    copies: tuple[Path, Path, Path], tmp_path: Path, habits: Path
) -> None:
    kept, changed, elsewhere = copies
    before = tree(kept), tree(changed)
    patch = patch_of_files(str(kept), str(changed), sorted(BEFORE), str(tmp_path / "scratch"))
    apply(patch, elsewhere)
    assert files_of(elsewhere) == files_of(changed)
    assert (tree(kept), tree(changed)) == before
    assert not habits.exists()


def test_only_the_files_that_are_named_are_in_it(copies: tuple[Path, Path, Path], tmp_path: Path) -> None:
    kept, changed, _ = copies
    patch = patch_of_files(str(kept), str(changed), ["plain.py"], str(tmp_path / "scratch"))
    assert [line for line in patch.splitlines() if line.startswith(b"diff ")] == [b"diff --git a/plain.py b/plain.py"]


def test_a_patch_of_a_checkout_makes_the_same_of_another(tmp_path: Path, habits: Path) -> None:
    """Files that git does not know are left out, and so is what others have in place of a link."""
    checkout, elsewhere = tmp_path / "checkout", tmp_path / "elsewhere"
    write(checkout, {**BEFORE, ".gitattributes": b"*.bin diff=mine\n", "models/put": b""})
    git(checkout, "init", "--quiet")
    git(checkout, "add", "--all")
    git(checkout, "-c", "user.name=T", "-c", "user.email=t@example.invalid", "commit", "--quiet", "-m", "it")
    git(tmp_path, "clone", "--quiet", str(checkout), str(elsewhere))
    change(checkout)
    shutil.rmtree(checkout / "models")
    (checkout / "new.txt").write_text("unknown")
    (checkout / "added.py").write_text("added = 1\n")
    git(checkout, "add", "added.py")
    patch = patch_of_checkout(str(checkout), "HEAD", without=["models"])
    git(elsewhere, "rm", "--quiet", "-r", "--cached", ".")
    apply(patch, elsewhere)
    (checkout / "new.txt").unlink()
    write(checkout, {"models/put": b""})
    assert files_of(elsewhere) == files_of(checkout)
    assert not habits.exists()


def test_what_is_unchanged_has_an_empty_patch(copies: tuple[Path, Path, Path], tmp_path: Path) -> None:
    kept, _, elsewhere = copies
    assert patch_of_files(str(kept), str(elsewhere), sorted(BEFORE), str(tmp_path / "scratch")) == b""


CONTENT = st.tuples(st.binary(), st.binary() | st.none())


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(["a", "b c", "ü"]), CONTENT, min_size=1))
def test_any_contents_come_back(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, tuple[bytes, bytes]]
) -> None:
    place = tmp_path_factory.mktemp("any")
    for name in ("kept", "changed", "elsewhere"):
        write(place / name, {file: before for file, (before, _) in files.items()})
    for file, (_, after) in files.items():
        if after is None:
            (place / "changed" / file).unlink()
        else:
            (place / "changed" / file).write_bytes(after)
    (place / "scratch").mkdir()
    patch = patch_of_files(str(place / "kept"), str(place / "changed"), sorted(files), str(place / "scratch"))
    if patch:
        apply(patch, place / "elsewhere")
    assert files_of(place / "elsewhere") == files_of(place / "changed")


def test_patches_are_named_after_what_they_are_of() -> None:
    assert patch_path(COMFYUI) == "patches/ComfyUI.patch"
    assert patch_path("comfyui-impact-pack") == "patches/comfyui-impact-pack.patch"
    assert patch_path("../x y") == "patches/%2E.%2Fx%20y.patch"


@given(st.text(min_size=1))
def test_what_a_patch_is_of_is_read_from_its_name(what: str) -> None:
    path = patch_path(what)
    assert held_patches([path, "pyproject.toml"]) == {what: path}
    assert path.count("/") == 1
    assert not path.startswith("patches/.")


def test_files_of_somebody_else_are_no_patches() -> None:
    assert held_patches(["patches/a/b.patch", "patches/notes.txt", "patches/a b.patch", "x/patches/a.patch"]) == {}
