"""Going through a history that ComfyDock 1.x made: its definitions are converted on the way."""

import shutil
from pathlib import Path

import pytest

from tests.support import older_workspace as older
from tests.support.miniature import Miniature, commit, git
from tests.support.sessions import Session, tree


@pytest.fixture
def old(source: Session, miniature: Miniature) -> Session:
    """Two commits of 1.x, of which the packages of the second are installed, and a third one of today's format."""
    shutil.rmtree(source.workspace)
    uv = shutil.which("uv")
    assert uv is not None
    older.build_workspace(source.workspace, active="work")
    root = older.add_environment(source.workspace, miniature, "work", uv=uv)
    for pack in ("ComfyUI-Fancy", "MyDev", "Stray"):
        (root / "ComfyUI/custom_nodes" / pack / "__init__.py").write_text("")
    manifest = root / ".cec/pyproject.toml"
    first = manifest.read_text()
    manifest.write_text(first.replace('"mini-imaging>=1.0"', '"mini-imaging>=1.0", "mini-masks<2"'))
    commit(root / ".cec", "Second")
    source.ok("sync")
    source.ok("commit", "-m", "third")
    return source


def packages(session: Session) -> set[str]:
    return {path.name for path in (session.environments / "work").glob(".venv/lib/python*/site-packages/mini_masks*")}


def test_a_commit_of_1x_is_converted_where_it_is_gone_to(old: Session) -> None:
    root = old.environments / "work"
    assert packages(old) == {"mini_masks", "mini_masks-1.0.dist-info"}
    third = {path: one for path, one in tree(root / ".cec").items() if not path.startswith(".git/")}
    ran = old.ok("checkout", "v1", "-e", "work")
    assert f"converted {root / '.cec'} (made by ComfyDock 1.x)" in ran.out
    assert packages(old) == set()
    status = old.data("status")
    assert (status["packages"]["state"], status["torch_backend"]) == ("in-sync", "cpu")
    assert status["definition"]["clean"] is True
    assert "pyproject.toml" in status["definition"]["converted"]
    assert "schema_version" in (root / ".cec/pyproject.toml").read_text()
    assert "schema_version" not in git(root / ".cec", "show", "HEAD:pyproject.toml")
    old.ok("checkout", "-")
    assert {path: one for path, one in tree(root / ".cec").items() if not path.startswith(".git/")} == third
    assert packages(old) == {"mini_masks", "mini_masks-1.0.dist-info"}
    assert old.data("status")["definition"]["clean"] is True
    old.ok("undo", "-e", "work")
    assert packages(old) == set()
    old.ok("undo", "-e", "work")
    assert packages(old) == {"mini_masks", "mini_masks-1.0.dist-info"}


def test_a_rehearsal_does_not_convert(old: Session) -> None:
    before = tree(old.environments / "work" / ".cec")
    plan = old.data("checkout", "v1", "--dry-run")
    assert [line["action"] for line in plan["plan"]].count("convert") == 1
    assert tree(old.environments / "work" / ".cec") == before


def test_what_a_move_converted_is_told_from_work(old: Session) -> None:
    old.ok("checkout", "v1")
    assert "converted from ComfyDock 1.x; `comfydock commit` keeps that" in old.ok("status").out
    assert "of the definition differ only because they were converted from ComfyDock 1.x" in old.ok("diff").out
    assert old.data("checkout", "v1")["operation"] is None
    for ref in ("master~1", "v1", "master"):
        old.ok("checkout", ref)
    assert old.data("status")["definition"] | {"branch": None, "head": None, "repository": True} == {
        "repository": True, "branch": None, "head": None, "clean": True, "modified": [], "untracked": [],
        "converted": [], "unknown": None,
    }  # fmt: skip


def test_a_converted_file_that_somebody_changed_is_work_again(old: Session) -> None:
    old.ok("checkout", "v1")
    manifest = old.environments / "work/.cec/pyproject.toml"
    manifest.write_text(manifest.read_text() + "# mine\n")
    status = old.data("status")["definition"]
    assert (status["clean"], status["modified"]) == (False, ["pyproject.toml"])
    error = old.error("checkout", "master")
    assert [one["name"] for one in error["context"]["uncommitted"]] == ["pyproject.toml"]
    assert manifest.read_text().endswith("# mine\n")


def test_where_the_note_of_a_conversion_is_damaged_its_files_count_as_work(old: Session) -> None:
    old.ok("checkout", "v1")
    (old.environments / "work/.cec/.git/comfydock-converted").write_text("{")
    status = old.data("status")["definition"]
    assert (status["clean"], status["converted"]) == (False, [])
    assert {"pyproject.toml", "uv.lock"} <= {*status["modified"]}
    assert old.error("checkout", "master")["code"] == "uncommitted-work"
    assert "note    what was converted" in old.run("doctor", "-e", "work").out
    old.ok("doctor", "--fix", "-e", "work")
    old.ok("commit", "-m", "converted")
    assert old.data("status")["definition"]["clean"] is True


def test_a_directory_in_the_place_of_a_converted_file_is_work(old: Session) -> None:
    old.ok("checkout", "v1")
    assert ".gitignore" in old.data("status")["definition"]["converted"]
    place = old.environments / "work/.cec/.gitignore"
    place.unlink()
    place.mkdir()
    (place / "mine").write_text("mine")
    status = old.data("status")["definition"]
    assert (status["clean"], ".gitignore" in status["converted"]) == (False, False)


def test_a_conversion_stays_told_where_only_workflows_differ(old: Session, tmp_path: Path) -> None:
    definition, clone = old.environments / "work/.cec", tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(definition), str(clone))
    git(clone, "checkout", "--quiet", "-b", "side", "HEAD~2")
    (clone / "workflows").mkdir(exist_ok=True)
    (clone / "workflows/new.json").write_text("{}")
    commit(clone, "workflow")
    git(clone, "push", "--quiet", "origin", "side")
    old.ok("checkout", "v1")
    converted = old.data("status")["definition"]["converted"]
    old.ok("checkout", "side")
    status = old.data("status")["definition"]
    assert (status["clean"], status["converted"]) == (True, converted)
    assert (definition / "workflows/new.json").is_file()
    old.ok("checkout", "master")
    assert old.data("status")["definition"]["clean"] is True


def test_a_conversion_is_committed_when_somebody_commits(old: Session) -> None:
    old.ok("checkout", "v1")
    old.ok("commit", "-m", "converted")
    status = old.data("status")["definition"]
    assert (status["clean"], status["converted"]) == (True, [])
    assert "schema_version" in git(old.environments / "work/.cec", "show", "HEAD:pyproject.toml")
