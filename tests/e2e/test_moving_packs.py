"""Node packs on the way from one commit to another: what can be fetched again goes, what is somebody's own stays."""

import os
from pathlib import Path

import pytest

from tests.e2e.moves import contents, definition, goes, packs, settled
from tests.support.installations import make_git_pack
from tests.support.miniature import commit, git
from tests.support.pack_host import PackHost, pack_files
from tests.support.sessions import Session


@pytest.fixture
def blur(work: Session, host: PackHost) -> Session:
    """Two commits: as created, and with the pack `blur`."""
    host.add("blur", "1.0.0", files=pack_files("Blur"))
    host.add("blur", "2.0.0", files=pack_files("Blurred"))
    work.ok("node", "add", "blur@1.0.0")
    work.ok("commit", "-m", "blur")
    return work


def names(session: Session) -> list[str]:
    return sorted(path.name for path in packs(session).iterdir() if path.is_dir() and path.name != "__pycache__")


def test_a_development_pack_is_turned_off_and_comes_back(work: Session) -> None:
    mine = packs(work) / "Mine"
    mine.mkdir()
    (mine / "__init__.py").write_text("mine = 1\n")
    work.ok("node", "add", "Mine", "--dev")
    work.ok("commit", "-m", "mine")
    (mine / "__init__.py").write_text("mine = 2\n")
    goes(work, "checkout", "v1")
    assert names(work) == ["Mine.disabled"]
    goes(work, "checkout", "main")
    assert names(work) == ["Mine"]
    assert (mine / "__init__.py").read_text() == "mine = 2\n"


def test_a_link_to_a_development_pack_is_turned_off_and_comes_back(work: Session, tmp_path: Path) -> None:
    make_git_pack(tmp_path / "elsewhere")
    work.ok("node", "dev-link", str(tmp_path / "elsewhere"), "--name", "Mine")
    work.ok("commit", "-m", "mine")
    goes(work, "checkout", "v1")
    assert names(work) == ["Mine.disabled"]
    goes(work, "checkout", "main")
    assert os.readlink(packs(work) / "Mine") == str(tmp_path / "elsewhere")
    assert (tmp_path / "elsewhere/.git").is_dir()


@pytest.mark.parametrize("how", ["directory", "link"])
def test_a_pack_whose_name_a_development_pack_took_comes_back_beside_it(
    blur: Session, how: str, tmp_path: Path
) -> None:
    registry = contents(blur)
    if how == "link":
        make_git_pack(tmp_path / "elsewhere")
        blur.ok("node", "dev-link", str(tmp_path / "elsewhere"), "--name", "blur")
    else:
        blur.ok("node", "add", "blur", "--dev", "--force")
        (packs(blur) / "blur/__init__.py").write_text("mine = 1\n")
    blur.ok("commit", "-m", "own")
    own = contents(blur)
    goes(blur, "checkout", "v2")
    assert names(blur) == ["blur", "blur.disabled"]
    found = {path: one for path, one in contents(blur).items() if "blur.disabled" not in path}
    assert found == registry
    goes(blur, "checkout", "main")
    assert contents(blur) == own
    blur.ok("undo")
    blur.ok("undo")
    assert contents(blur) == own


def test_a_development_pack_does_not_come_back_over_files_of_ones_own(blur: Session) -> None:
    blur.ok("node", "add", "blur", "--dev", "--force")
    blur.ok("commit", "-m", "own")
    blur.ok("checkout", "v2")
    (packs(blur) / "blur/model.bin").write_text("mine")
    before = contents(blur)
    error = blur.error("checkout", "main")
    assert error["context"]["uncommitted"] == [
        {"kind": "pack", "name": "blur", "reason": "1 file in its directory did not come with it"}
    ]
    assert contents(blur) == before


def test_a_pack_with_files_of_ones_own_is_turned_off_with_them_and_comes_back_with_them(blur: Session) -> None:
    (packs(blur) / "blur/model.bin").write_text("mine")
    ran = blur.ok("checkout", "v1")
    assert "blur is turned off, not removed: 1 file in its directory did not come with it" in ran.err
    settled(blur)
    assert names(blur) == ["blur.disabled"]
    goes(blur, "checkout", "main")
    assert names(blur) == ["blur"]
    assert (packs(blur) / "blur/model.bin").read_text() == "mine"


def test_files_of_ones_own_go_along_to_another_version(blur: Session) -> None:
    blur.ok("node", "update", "blur")
    blur.ok("commit", "-m", "two")
    (packs(blur) / "blur/model.bin").write_text("mine")
    goes(blur, "checkout", "v2")
    assert "Blurred" not in (packs(blur) / "blur/__init__.py").read_text()
    assert (packs(blur) / "blur/model.bin").read_text() == "mine"
    goes(blur, "checkout", "main")
    assert (packs(blur) / "blur/model.bin").read_text() == "mine"


def test_files_of_ones_own_go_along_to_another_version_that_is_turned_off(blur: Session) -> None:
    blur.ok("node", "disable", "blur")
    blur.ok("commit", "-m", "off")
    blur.ok("node", "enable", "blur")
    blur.ok("node", "update", "blur")
    blur.ok("commit", "-m", "on")
    (packs(blur) / "blur/model.bin").write_text("mine")
    goes(blur, "checkout", "main~1")
    assert names(blur) == ["blur.disabled"]
    assert (packs(blur) / "blur.disabled/model.bin").read_text() == "mine"
    goes(blur, "checkout", "main")
    assert names(blur) == ["blur"]
    assert "Blurred" in (packs(blur) / "blur/__init__.py").read_text()
    assert (packs(blur) / "blur/model.bin").read_text() == "mine"


def test_a_pack_that_is_turned_off_and_on_only_gets_another_name(blur: Session, host: PackHost) -> None:
    blur.ok("node", "disable", "blur")
    blur.ok("commit", "-m", "off")
    number = (packs(blur) / "blur.disabled").stat().st_ino
    for ref, name in (("v2", "blur"), ("main", "blur.disabled"), ("v2", "blur")):
        data = blur.data("checkout", ref)
        assert (len(data["packs"]["renamed"]), data["packs"]["fetched"]) == (1, [])
        settled(blur)
        assert names(blur) == [name]
        assert (packs(blur) / name).stat().st_ino == number


def test_a_pack_of_the_same_name_and_another_repository_replaces_the_other(work: Session, host: PackHost) -> None:
    host.add_repository("alice", "Fancy", pack_files("Alices"))
    host.add_repository("bob", "Fancy", pack_files("Bobs"))
    host.add("fancy", "1.0.0", files=pack_files("Registrys"), name="Fancy")
    for words in (("https://github.com/alice/Fancy",), ("https://github.com/bob/Fancy",), ("fancy",)):
        if names(work):
            work.ok("node", "remove", "Fancy")
        work.ok("node", "add", *words)
        work.ok("commit")
    code = packs(work) / names(work)[0] / "__init__.py"
    for ref, node in (("main~2", "Alices"), ("main", "Registrys"), ("main~1", "Bobs"), ("main~2", "Alices"),
                      ("main~1", "Bobs"), ("main", "Registrys")):  # fmt: skip
        goes(work, "checkout", ref)
        code = packs(work) / names(work)[0] / "__init__.py"
        assert node in code.read_text(), ref


def test_two_packs_of_the_registry_with_one_name_and_version_are_told_apart(work: Session, host: PackHost) -> None:
    for identifier in ("one", "two"):
        host.add(identifier, "1.0.0", files=pack_files(identifier.title()))
        work.ok("node", "add", identifier)
        manifest = definition(work) / "pyproject.toml"
        manifest.write_text(manifest.read_text().replace(f'name = "{identifier}"', 'name = "same"'))
        (packs(work) / identifier).rename(packs(work) / "same")
        work.ok("commit", "-m", identifier)
        if identifier == "one":
            work.ok("node", "remove", "one")
    goes(work, "checkout", "main~1")
    assert "One" in (packs(work) / "same/__init__.py").read_text()
    goes(work, "checkout", "main")
    assert "Two" in (packs(work) / "same/__init__.py").read_text()


def test_changed_code_of_a_pack_is_refused_by_name_and_goes_along_where_the_pack_stays(blur: Session) -> None:
    code = packs(blur) / "blur/__init__.py"
    code.write_text("mine = 1\n")
    before = contents(blur)
    error = blur.error("checkout", "v1")
    assert (error["code"], error["exit_code"]) == ("uncommitted-work", 4)
    assert error["context"]["uncommitted"] == [{"kind": "pack", "name": "blur", "reason": "changed files: __init__.py"}]
    assert contents(blur) == before
    blur.ok("checkout", "v1", "--discard")
    assert names(blur) == []
    blur.ok("undo")
    assert code.read_text() == "mine = 1\n"
    blur.ok("node", "disable", "blur")
    blur.ok("commit", "-m", "off")
    goes(blur, "checkout", "v2")
    assert code.read_text() == "mine = 1\n"


def test_a_pack_that_was_moved_to_another_commit_by_hand_is_refused_by_name(work: Session, host: PackHost) -> None:
    host.add_repository("alice", "Fancy", pack_files("Fancy"))
    work.ok("node", "add", "https://github.com/alice/Fancy")
    work.ok("commit", "-m", "one")
    host.add_repository("alice", "Fancy", {"later.py": "later = True\n"})
    work.ok("node", "update", "Fancy")
    work.ok("commit", "-m", "two")
    (packs(work) / "Fancy/mine.py").write_text("")
    made = commit(packs(work) / "Fancy", "mine")
    error = work.error("checkout", "v2")
    assert error["context"]["uncommitted"] == [
        {"kind": "pack", "name": "Fancy", "reason": f"it is at {made[:10]}, which no manifest says"}
    ]
    error = work.error("checkout", "v1")
    assert [one["name"] for one in error["context"]["uncommitted"]] == ["Fancy"]
    work.ok("checkout", "v2", "--discard")
    settled(work)
    work.ok("undo")
    assert git(packs(work) / "Fancy", "rev-parse", "HEAD").strip() == made


def test_packs_that_no_manifest_knows_stay(blur: Session) -> None:
    (packs(blur) / "stranger").mkdir()
    (packs(blur) / "stranger/__init__.py").write_text("")
    (packs(blur) / "single.py").write_text("")
    goes(blur, "checkout", "v1")
    assert names(blur) == ["stranger"]
    assert (packs(blur) / "single.py").exists()


def test_a_pack_that_nobody_can_fetch_is_told_with_an_exit_code_of_its_own(work: Session) -> None:
    mine = packs(work) / "Mine"
    mine.mkdir()
    (mine / "__init__.py").write_text("")
    work.ok("node", "add", "Mine", "--dev")
    work.ok("commit", "-m", "mine")
    work.ok("checkout", "v1")
    (packs(work) / "Mine.disabled").rename(packs(work).parent / "away")
    ran = work.run("checkout", "main", "--json")
    assert (ran.code, ran.envelope()["data"]["packs"]["unobtainable"]) == (3, ["Mine"])
