"""Making artifacts: choosing the interpreter, knowing what changed, staging, calling the freezers."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from build.artifacts import Builder, publish
from build.fingerprint import Stamp, digest_trees
from build.interpreter import InterpreterError, choose, examine
from build.nuitka_build import FreezeError, cache_hits, check_place, nuitka_command, nuitka_environment
from build.paths import Layout
from build.settings import SettingsError, read_artifact, read_nuitka
from build.stage import StageError, copy_package, source_digest
from build.workspaces import make_workspace

LAYOUT = Layout()


def test_the_interpreter_that_is_named_is_taken() -> None:
    assert choose({"COMFYDOCK_BUILD_PYTHON": sys.executable}).version == ".".join(map(str, sys.version_info[:3]))


def test_an_interpreter_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InterpreterError):
        choose({"COMFYDOCK_BUILD_PYTHON": str(tmp_path / "none")})
    old = tmp_path / "old"
    answer = '{"executable": "x", "version": "3.8.1", "build": "", "platform": "", "headers": true, "pgo_library": ""}'
    old.write_text(f"#!/bin/sh\necho '{answer}'\n", "utf-8")
    old.chmod(0o755)
    with pytest.raises(InterpreterError, match=r"needs 3\.11"):
        examine(str(old))


def test_without_a_better_one_the_running_interpreter_is_taken() -> None:
    assert choose({}, likely=("/none/python3.11",)).version == examine(sys.executable).version


def test_the_good_library_is_linked_only_where_there_is_one() -> None:
    artifact, nuitka = read_artifact(LAYOUT.config), read_nuitka(LAYOUT.config)
    plain = replace(examine(sys.executable), pgo_library="")
    good = replace(plain, pgo_library="/lib/libpython3.11.a")
    assert not any("pgo" in option for option in nuitka_command(LAYOUT, artifact, nuitka, plain))
    assert any(option.endswith("pgo_libpython.py") for option in nuitka_command(LAYOUT, artifact, nuitka, good))
    assert "CFLAGS" not in nuitka_environment(LAYOUT, artifact, nuitka, plain)
    assert nuitka_environment(LAYOUT, artifact, nuitka, good)["CFLAGS"] == "-fno-pie"


def test_any_change_of_a_source_changes_the_digest(tmp_path: Path) -> None:
    for number, name in enumerate(("a", "b")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "module.py").write_text(str(number), "utf-8")
    before = digest_trees([tmp_path / "a", tmp_path / "b"])
    assert digest_trees([tmp_path / "a", tmp_path / "b"]) == before
    (tmp_path / "a" / "__pycache__").mkdir()
    (tmp_path / "a" / "__pycache__" / "module.pyc").write_text("x", "utf-8")
    assert digest_trees([tmp_path / "a", tmp_path / "b"]) == before
    (tmp_path / "a" / "module.py").rename(tmp_path / "a" / "other.py")
    assert digest_trees([tmp_path / "a", tmp_path / "b"]) != before


def test_the_fingerprint_of_an_artifact_knows_form_and_interpreter() -> None:
    builder = Builder.of(LAYOUT)
    other = replace(builder, interpreter=replace(builder.interpreter, build="another"))
    prints = {builder.fingerprint("nuitka"), builder.fingerprint("pyinstaller"), other.fingerprint("nuitka")}
    assert len(prints) == 3
    assert source_digest(LAYOUT) == source_digest(LAYOUT)


def test_a_stamp_fits_what_it_was_written_for(tmp_path: Path) -> None:
    stamp = Stamp(tmp_path / "stamp", "one")
    assert not stamp.matches()
    stamp.write()
    assert stamp.matches()
    assert not Stamp(tmp_path / "stamp", "two").matches()
    stamp.clear()
    assert not stamp.matches()


def test_a_package_is_copied_without_stubs_and_caches(tmp_path: Path) -> None:
    copy_package(LAYOUT.packages[0], tmp_path / "copy")
    names = {path.suffix for path in (tmp_path / "copy").rglob("*") if path.is_file()}
    assert names.isdisjoint({".pyi", ".pyc", ".typed"})
    assert "lazy_loader" not in (tmp_path / "copy" / "__init__.py").read_text("utf-8")


def test_a_face_without_its_stub_is_refused(tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    face = "import lazy_loader as lazy\n__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)\n"
    (tmp_path / "package" / "__init__.py").write_text(face, "utf-8")
    with pytest.raises(StageError):
        copy_package(tmp_path / "package", tmp_path / "copy")


def test_publishing_replaces_the_old_artifact(tmp_path: Path) -> None:
    for name in ("new", "target"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name, "utf-8")
    publish(tmp_path / "new", tmp_path / "target")
    assert [path.name for path in tmp_path.iterdir()] == ["target"]
    assert (tmp_path / "target" / "file").read_text("utf-8") == "new"


def test_hits_of_the_compiler_cache_are_read_from_the_log(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    log.write_text("with result 'cache hit': 140\nwith result 'cache miss': 5\n", "utf-8")
    assert cache_hits(log) == "140 of 145"
    log.write_text("nothing of the kind\n", "utf-8")
    assert cache_hits(log) == ""


def test_settings_with_a_key_too_many_are_refused(tmp_path: Path) -> None:
    text = (LAYOUT.config / "artifact.toml").read_text("utf-8")
    (tmp_path / "artifact.toml").write_text(f"surplus = 1\n{text}", "utf-8")
    with pytest.raises(SettingsError, match="surplus"):
        read_artifact(tmp_path)


def test_a_workspace_is_made_once(tmp_path: Path) -> None:
    root = make_workspace(tmp_path / "workspace", 3)
    assert len(list((root / "environments").glob("*/.cec/.complete"))) == 3
    assert (root / "environments/environment-001/.cec/.git").is_dir()
    marker = root / "environments" / "environment-002" / "marker"
    marker.touch()
    make_workspace(root, 3)
    assert marker.exists()


def test_what_is_left_of_a_workspace_makes_room(tmp_path: Path) -> None:
    remains = tmp_path / "workspace/environments/environment-001/.cec/.git"
    remains.mkdir(parents=True)
    (remains / "HEAD").write_text("ref: refs/heads/gone\n")
    root = make_workspace(tmp_path / "workspace", 1)
    assert (root / ".metadata/workspace.json").exists()
    assert (remains / "HEAD").read_text() == "ref: refs/heads/main\n"
    assert [path.name for path in tmp_path.iterdir()] == ["workspace"]


def test_a_checkout_below_a_path_with_spaces_is_refused_by_name() -> None:
    check_place(Path("/home/me/comfydock"))
    with pytest.raises(FreezeError, match="path with spaces, which `/home/my files/comfydock` has"):
        check_place(Path("/home/my files/comfydock"))
