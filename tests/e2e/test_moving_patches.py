"""Changed files of ComfyUI and of node packs that a commit holds as patches: a move applies them and takes them off."""

import base64
import shutil
import tarfile
import zlib
from pathlib import Path

import pytest

from tests.e2e.moves import comfyui, contents, definition, goes, packs, pin_comfyui, save
from tests.support.miniature import NEWEST, Miniature, git
from tests.support.pack_host import PackHost, pack_files
from tests.support.sessions import Session

OLD = "v0.2.0"
PLACES = {"ComfyUI": "main.py", "blur": "custom_nodes/blur/__init__.py", "Fancy": "custom_nodes/Fancy/__init__.py"}


def append(session: Session, what: str, text: str = "# mine\n") -> Path:
    path = comfyui(session) / PLACES[what]
    path.write_text(path.read_text() + text)
    return path


def there(session: Session) -> None:
    """Where the last commit says, with nothing that a commit would add."""
    status = session.data("status")
    assert (status["definition"]["clean"], status["comfyui"]["changed"], status["packs"]["changed_files"]) == (
        True, [], {}
    )  # fmt: skip
    assert status["patches"] is None or (status["patches"]["missing"], status["patches"]["unusable"]) == ([], [])
    assert session.data("commit", "--with-patches", "--dry-run")["committed"] is False
    for repository in (definition(session), comfyui(session)):
        assert git(repository, "fsck", "--strict", "--no-dangling", "--no-progress") == ""


def moves(session: Session, *words: str) -> None:
    session.ok(*words)
    there(session)


@pytest.fixture
def both(work: Session, host: PackHost) -> Session:
    """Two commits with packs from the registry and from git: as they came, and changed, as is ComfyUI."""
    host.add("blur", "1.0.0", files=pack_files("Blur"))
    host.add_repository("alice", "Fancy")
    work.ok("node", "add", "blur", "https://github.com/alice/Fancy")
    work.ok("commit", "-m", "plain")
    for what in PLACES:
        append(work, what)
    work.ok("commit", "--with-patches", "-m", "patched")
    return work


def test_patches_come_off_and_on_with_the_commits_that_hold_them(both: Session) -> None:
    patched = contents(both)
    goes(both, "checkout", "v2")
    there(both)
    assert all("mine" not in (comfyui(both) / place).read_text() for place in PLACES.values())
    moves(both, "checkout", "main")
    assert contents(both) == patched
    both.ok("undo")
    there(both)
    assert "mine" not in (comfyui(both) / PLACES["ComfyUI"]).read_text()
    both.ok("undo")
    there(both)
    assert contents(both) == patched


def test_patched_files_are_no_uncommitted_work(both: Session) -> None:
    status = both.data("status")
    assert status["patches"]["applied"] == {"ComfyUI": ["main.py"], "blur": ["__init__.py"], "Fancy": ["__init__.py"]}
    assert "patches     3 applied\n" in both.ok("status").out
    there(both)


@pytest.mark.parametrize(("what", "kind"), [("ComfyUI", "comfyui"), ("blur", "pack"), ("Fancy", "pack")])
def test_what_was_changed_beyond_a_patch_is_uncommitted_work(both: Session, what: str, kind: str) -> None:
    append(both, what, "# more\n")
    before = contents(both)
    error = both.error("checkout", "v2")
    assert (error["code"], [one["kind"] for one in error["context"]["uncommitted"]]) == ("uncommitted-work", [kind])
    assert contents(both) == before
    status = both.data("status")
    told = status["comfyui"]["changed"] if what == "ComfyUI" else status["packs"]["changed_files"].get(what)
    assert (told, status["patches"]["missing"]) == ([Path(PLACES[what]).name], [what])
    moves(both, "checkout", "v2", "--discard")
    assert "mine" not in (comfyui(both) / PLACES[what]).read_text()


@pytest.mark.parametrize("what", list(PLACES))
def test_what_was_changed_beyond_a_patch_that_stays_is_left_alone(both: Session, what: str) -> None:
    save(both, "portrait.json")
    both.ok("commit", "-m", "portrait")
    path = append(both, what, "# more\n")
    both.ok("checkout", "v3")
    assert path.read_text().endswith("# mine\n# more\n")


def test_one_patch_becomes_another(both: Session) -> None:
    for what in PLACES:
        append(both, what, "# second\n")
    both.ok("commit", "--with-patches", "-m", "second")
    second = contents(both)
    moves(both, "checkout", "v3")
    assert all((comfyui(both) / place).read_text().endswith("# mine\n") for place in PLACES.values())
    moves(both, "checkout", "main")
    assert contents(both) == second
    for words in (("reset", "--hard", "v3"), ("rollback", "v2"), ("revert", "v3", "-m", "back")):
        both.ok(*words)
        there(both)


def test_new_removed_and_binary_files_come_and_go(work: Session, host: PackHost) -> None:
    host.add_repository("alice", "Fancy", files={**pack_files("Fancy"), "old.txt": "old\n", "data.bin": "\0\1\2"})
    work.ok("node", "add", "https://github.com/alice/Fancy")
    work.ok("commit")
    fancy = packs(work) / "Fancy"
    for root in (fancy, comfyui(work)):
        (root / "inner").mkdir()
        (root / "inner/tool.sh").write_text("#!/bin/sh\n")
        (root / "inner/tool.sh").chmod(0o755)
        (root / "picture.bin").write_bytes(bytes(range(256)))
        git(root, "add", "inner", "picture.bin")
    (fancy / "old.txt").unlink()
    (fancy / "data.bin").write_bytes(b"\0\3" * 100)
    work.ok("commit", "--with-patches", "-m", "patched")
    patched = contents(work)
    moves(work, "checkout", "v2")
    for root in (fancy, comfyui(work)):
        assert not (root / "inner").exists()
        assert not (root / "picture.bin").exists()
    assert (fancy / "old.txt").read_text() == "old\n"
    moves(work, "checkout", "main")
    assert contents(work) == patched


def test_a_patch_goes_along_to_another_version_of_comfyui(both: Session, miniature: Miniature) -> None:
    pin_comfyui(both, miniature, OLD)
    both.ok("commit", "-m", "old")
    both.ok("sync")
    assert git(comfyui(both), "rev-parse", "HEAD").strip() == miniature.commits[OLD]
    assert (comfyui(both) / "main.py").read_text().endswith("# mine\n")
    patched = contents(both)
    moves(both, "checkout", "v2")
    assert "# mine" not in (comfyui(both) / "main.py").read_text()
    assert miniature.commits[NEWEST] == git(comfyui(both), "rev-parse", "HEAD").strip()
    both.ok("checkout", "main")
    assert contents(both) == patched


def test_files_of_ones_own_stay_with_a_pack_that_is_patched(both: Session) -> None:
    for name in ("blur", "Fancy"):
        (packs(both) / name / "model.bin").write_text("mine")
    moves(both, "checkout", "v2")
    moves(both, "checkout", "main")
    moves(both, "checkout", "v1")
    moves(both, "checkout", "main")
    for name in ("blur", "Fancy"):
        assert (packs(both) / name / "model.bin").read_text() == "mine"
        assert "# mine" in (comfyui(both) / PLACES[name]).read_text()


def test_a_patched_pack_is_turned_off_and_on(both: Session) -> None:
    both.ok("node", "disable", "blur", "Fancy")
    both.ok("commit", "-m", "off")
    moves(both, "checkout", "v2")
    assert "# mine" not in (comfyui(both) / PLACES["blur"]).read_text()
    both.ok("checkout", "main")
    assert "# mine" in (packs(both) / "blur.disabled/__init__.py").read_text()
    assert "# mine" in (packs(both) / "Fancy.disabled/__init__.py").read_text()


def test_sync_applies_what_is_held_and_nobody_changed(both: Session) -> None:
    patched = contents(both)
    for what in PLACES:
        path = comfyui(both) / PLACES[what]
        path.write_text(path.read_text().removesuffix("# mine\n"))
    assert both.data("status")["patches"]["missing"] == ["ComfyUI", "Fancy", "blur"]
    assert "3 not applied (`comfydock sync -e work`)" in both.ok("status").out
    both.ok("sync")
    there(both)
    assert contents(both) == patched
    append(both, "blur", "# more\n")
    assert "up to date" in both.ok("sync").out


def test_a_pack_that_is_missing_comes_back_patched(both: Session) -> None:
    patched = contents(both)
    shutil.rmtree(packs(both) / "blur")
    shutil.rmtree(packs(both) / "Fancy")
    both.ok("sync")
    assert contents(both) == patched


def test_a_clone_has_the_patched_files(both: Session) -> None:
    both.ok("clone", "work", "other")
    status = both.data("status", "-e", "other")
    assert (set(status["patches"]["applied"]), status["patches"]["missing"]) == (set(PLACES), [])
    both.ok("checkout", "v2", "-e", "other")
    assert "# mine" not in (both.environments / "other/ComfyUI/main.py").read_text()
    assert "# mine" in (comfyui(both) / "main.py").read_text()


def test_a_patch_that_is_stashed_comes_back_applied(both: Session) -> None:
    goes(both, "checkout", "v2")
    git(definition(both), "checkout", "--quiet", "main", "--", "patches")
    both.ok("stash")
    there(both)
    both.ok("stash", "pop")
    assert both.data("status")["patches"]["missing"] == []
    assert "# mine" in (comfyui(both) / "main.py").read_text()


def test_an_environment_made_from_a_bundle_has_the_patched_files(both: Session, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.tar.gz"
    with tarfile.open(bundle, "w:gz") as archive:
        for name in ("pyproject.toml", "uv.lock", "patches/ComfyUI.patch", "patches/blur.patch", "patches/Fancy.patch"):
            archive.add(definition(both) / name, name)
    ran = both.ok("create", "other", "--template", str(bundle), "--torch-backend", "cpu")
    assert "passed over" not in ran.err
    status = both.data("status", "-e", "other")
    assert (set(status["patches"]["applied"]), status["patches"]["missing"]) == (set(PLACES), [])


def test_another_comfyui_keeps_what_a_patch_changes(both: Session) -> None:
    both.ok("comfyui", "use", OLD)
    assert (comfyui(both) / "main.py").read_text().endswith("# mine\n")
    status = both.data("status")
    assert (status["comfyui"]["changed"], status["patches"]["missing"]) == ([], [])


def test_another_comfyui_is_refused_where_what_a_patch_changes_does_not_fit(both: Session) -> None:
    path = comfyui(both) / "comfyui_version.py"
    path.write_text(path.read_text().replace("0.10.0", "0.10.0+mine"))
    both.ok("commit", "--with-patches")
    before = contents(both)
    error = both.error("comfyui", "use", OLD)
    assert (error["code"], "comfyui_version.py" in error["message"]) == ("uncommitted-work", True)
    assert contents(both) == before


def strange(session: Session, what: str, patch: bytes) -> None:
    """Let the newest commit hold a patch that a stranger made."""
    session.ok("checkout", "main")
    place = definition(session) / f"patches/{what}.patch"
    place.write_bytes(patch)
    git(definition(session), "commit", "--quiet", "--all", "--message", "strange")


def new_file(path: str, mode: str = "100644") -> str:
    return f"diff --git a/{path} b/{path}\nnew file mode {mode}\n--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+evil\n"


def huge(kind: str) -> str:
    size = 4 << 40
    head = bytearray()
    for number in (0, size):
        while number >= 0x80:
            head.append(number & 0x7F | 0x80)
            number >>= 7
        head.append(number)
    content = zlib.compress(bytes(head))
    line = chr(ord("A") + len(content) - 1) + base64.b85encode(content, pad=True).decode()
    stated = size if kind == "literal" else len(head)
    return (
        "diff --git a/x.bin b/x.bin\nnew file mode 100644\nindex 0000000000000000000000000000000000000000.."
        f"1111111111111111111111111111111111111111\nGIT binary patch\n{kind} {stated}\n{line}\n\n"
    )


STRANGE = {
    "does not fit": ("--- a/main.py\n+++ b/main.py\n@@ -1 +1 @@\n-not there\n+evil\n", "patch"),
    "leads out": (new_file("../evil.py"), "outside"),
    "absolute": (new_file("/evil.py"), "outside"),
    "repository": (new_file(".git/hooks/post-checkout", "100755"), "outside"),
    "disguised repository": (new_file("inner/.GIT/config"), "outside"),
    "link": (new_file("link", "120000"), "something else than a file"),
    "submodule": (new_file("module", "160000"), "submodule"),
    "no patch": ("hello\n", "patch"),
    "large literal": (huge("literal"), "MiB"),
    "large difference": (huge("delta"), "MiB"),
}


@pytest.mark.parametrize("what", ["ComfyUI", "blur", "Fancy"])
@pytest.mark.parametrize("case", list(STRANGE))
def test_a_patch_that_must_not_be_applied_changes_nothing(both: Session, what: str, case: str) -> None:
    both.ok("checkout", "v2")
    git(definition(both), "checkout", "--quiet", "main", "--", "patches")
    git(definition(both), "commit", "--quiet", "--all", "--message", "strange")
    (definition(both) / f"patches/{what}.patch").write_text(STRANGE[case][0])
    git(definition(both), "commit", "--quiet", "--all", "--message", "stranger")
    git(definition(both), "tag", "strange")
    git(definition(both), "checkout", "--quiet", "strange~2")
    before = contents(both)
    error = both.error("checkout", "strange")
    assert (error["code"], error["exit_code"]) == ("patch-unusable", 8), error
    assert STRANGE[case][1] in error["message"]
    assert contents(both) == before
    assert not (both.environments / "evil.py").exists()


def test_a_patch_of_comfyui_keeps_out_of_what_is_the_users(both: Session) -> None:
    strange(both, "ComfyUI", new_file("custom_nodes/Evil/__init__.py").encode())
    git(definition(both), "tag", "strange")
    git(definition(both), "checkout", "--quiet", "main~1")
    error = both.error("checkout", "strange")
    assert "which is not of ComfyUI's code" in error["message"]
