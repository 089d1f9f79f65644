"""Commits of an environment's definition, as a person makes them, with every form of the program."""

import re
from pathlib import Path

from tests.support.miniature import git
from tests.support.pack_host import PackHost, pack_files
from tests.support.sessions import Session

WORKFLOWS = "work/ComfyUI/user/default/workflows"


def save(session: Session, name: str, content: str = '{"nodes": []}') -> None:
    path = session.environments / WORKFLOWS / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)


def log(definition: Path) -> list[str]:
    return git(definition, "log", "--format=%s").splitlines()


def test_a_story_of_commits(session: Session) -> None:
    definition = session.environments / "work/.cec"
    session.ok("init")
    session.ok("create", "work", "--torch-backend", "cpu", "--use")
    assert session.ok("commit").out == "work: nothing to commit\n"

    # A workflow is saved; then a look at what would be done, and doing it.
    save(session, "portrait.json")
    planned = session.ok("commit", "--dry-run").out
    assert planned.startswith("would commit v2: add workflow portrait\n  1 file changed; workflows: 1 added\n")
    assert log(definition) == ["Initial environment setup"]
    done = session.ok("commit").out
    head = git(definition, "rev-parse", "--short=7", "HEAD").strip()
    assert done == f"[main {head}] v2: add workflow portrait\n  1 file changed; workflows: 1 added\n"
    assert session.data("status")["definition"]["clean"] is True

    # ComfyUI itself is changed: strictly that is refused, otherwise it is told.
    main = session.environments / "work/ComfyUI/main.py"
    main.write_text(f"{main.read_text()}# mine\n")
    save(session, "portrait.json", '{"nodes": [1]}')
    error = session.error("commit", "--strict")
    assert (error["code"], error["exit_code"]) == ("not-reproducible", 4)
    assert error["context"]["gaps"][0]["kind"] == "comfyui"
    made = session.ok("commit", "-m", "faces work")
    assert re.match(r"\[main [0-9a-f]{7}\] v3: faces work\n", made.out)
    assert "! cannot be rebuilt elsewhere: ComfyUI: changed files: main.py\n" in made.err
    assert "Not-Reproducible: ComfyUI: changed files: main.py" in git(definition, "log", "-1", "--format=%B")

    # Taken back and made again.
    session.ok("undo")
    assert log(definition) == ["add workflow portrait", "Initial environment setup"]
    assert (definition / "workflows/portrait.json").read_text() == '{"nodes": []}'
    session.ok("undo")
    assert log(definition)[0] == "faces work"
    assert git(definition, "fsck", "--strict", "--no-dangling") == ""
    assert git(definition, "status", "--porcelain") == ""


def test_a_change_of_a_pack_is_committed_by_name_and_undone_apart(work: Session, host: PackHost) -> None:
    host.add("blur", "1.0.0", files=pack_files("Blur"))
    work.ok("node", "add", "blur")
    data = work.data("commit")
    assert (data["version"], data["message"], data["changes"]["packs"]["added"]) == ("v2", "add pack blur", ["blur"])
    assert (data["gaps"], data["committed"]) == ([], True)
    definition = work.environments / "work/.cec"
    assert git(definition, "rev-parse", "HEAD").strip() == data["commit"]
    work.ok("undo")
    assert log(definition) == ["Initial environment setup"]
    assert "blur" in work.ok("node", "list").out


def test_changed_files_of_a_pack_are_told(work: Session, host: PackHost) -> None:
    host.add("blur", "1.0.0", files=pack_files("Blur"))
    work.ok("node", "add", "blur")
    changed = next((work.environments / "work/ComfyUI/custom_nodes").glob("*/__init__.py"))
    changed.write_text("changed = 1\n")
    assert [(gap["kind"], gap["reason"]) for gap in work.data("commit")["gaps"]] == [
        ("pack", "changed files: __init__.py")
    ]


def test_changed_files_are_committed_as_patches_and_go_with_the_changes(work: Session, host: PackHost) -> None:
    host.add("blur", "1.0.0", files=pack_files("Blur"))
    host.add_repository("alice", "Fancy")
    work.ok("node", "add", "blur", "https://github.com/alice/Fancy")
    work.ok("commit")
    root = work.environments / "work"
    definition, packs = root / ".cec", root / "ComfyUI/custom_nodes"
    changed = [root / "ComfyUI/main.py", packs / "blur/__init__.py", packs / "Fancy/__init__.py"]
    before = [path.read_bytes() for path in changed]
    for path in changed:
        path.write_text(f"{path.read_text()}# mine\n")

    assert work.ok("commit").out == "work: nothing to commit\n"
    assert "patches: 3 written" in work.ok("commit", "--with-patches", "--dry-run").out
    assert not (definition / "patches").exists()
    done = work.data("commit", "--with-patches", "--strict")
    assert (done["gaps"], len(done["patches"]["written"])) == ([], 3)
    assert git(definition, "status", "--porcelain") == ""
    for path in sorted((definition / "patches").iterdir()):
        assert "+# mine" in path.read_text()
    assert git(definition, "ls-files", "patches").split() == [
        "patches/ComfyUI.patch", "patches/Fancy.patch", "patches/blur.patch"
    ]  # fmt: skip

    # What was changed further since is a gap again; the patches stay until somebody says otherwise.
    changed[0].write_text(f"{changed[0].read_text()}# more\n")
    save(work, "portrait.json")
    assert [gap["name"] for gap in work.data("commit")["gaps"]] == ["ComfyUI"]
    assert "# more" not in (definition / "patches/ComfyUI.patch").read_text()
    assert work.data("commit", "--with-patches")["patches"]["written"] == ["patches/ComfyUI.patch"]

    # The changes are taken back, and with them the patches.
    for path, content in zip(changed, before, strict=True):
        path.write_bytes(content)
    assert len(work.data("commit")["patches"]["removed"]) == 3
    assert not (definition / "patches").exists()
    work.ok("undo")
    assert len(list((definition / "patches").iterdir())) == 3
    assert git(definition, "fsck", "--strict", "--no-dangling") == ""
