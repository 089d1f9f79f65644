"""Another ComfyUI in an environment: planned with what it requires, one operation, and undone as one."""

import json
from pathlib import Path

import pytest

from tests.support import programs
from tests.support.miniature import NEWEST, Miniature, git
from tests.support.pack_host import PackHost, pack_files
from tests.support.sessions import Session, new_session, tree

OLD = "v0.2.0"


def comfyui(session: Session) -> Path:
    return session.environments / "work/ComfyUI"


def head(session: Session) -> str:
    return git(comfyui(session), "rev-parse", "HEAD").strip()


def changed(session: Session) -> list[str]:
    """What git calls changed in ComfyUI, but for the models, which are a link here."""
    return git(comfyui(session), "status", "--porcelain", "--untracked-files=no", "--", ".", ":!models").splitlines()


def installed(session: Session) -> list[str]:
    (place,) = (session.environments / "work").glob(".venv/lib/python*/site-packages")
    return sorted(path.name for path in place.glob("*.dist-info"))


@pytest.fixture
def at_newest(source: Session) -> Session:
    source.ok("create", "work", "--torch-backend", "cpu", "--use")
    return source


def test_a_story_of_two_versions(at_newest: Session, miniature: Miniature) -> None:
    session, definition = at_newest, at_newest.environments / "work/.cec"
    listed = session.ok("comfyui", "list").out.splitlines()
    assert [line.split()[:3] for line in listed[:2]] == [
        ["*", NEWEST, "release"],
        [OLD, "release", miniature.commits[OLD][:10]],
    ]
    before = installed(session)

    planned = session.ok("comfyui", "use", OLD, "--dry-run").out
    assert "  - no longer requires mini-sampling\n" in planned
    assert (head(session), installed(session)) == (miniature.commits[NEWEST], before)
    data = session.data("comfyui", "use", OLD)
    assert (data["after"], data["commit"], data["backwards"]) == (OLD, miniature.commits[OLD], True)
    assert [one["name"] for one in data["requirements"]] == ["mini-sampling", "mini-windows"]
    assert (head(session), changed(session)) == (miniature.commits[OLD], [])
    assert "0.2.0" in (comfyui(session) / "comfyui_version.py").read_text()
    assert [name for name in before if name not in installed(session)] == ["mini_sampling-0.3.dist-info"]
    status = session.data("status")
    assert (status["comfyui"]["version"], status["packages"]["state"]) == (OLD, "in-sync")
    session.ok("commit")
    assert git(definition, "log", "-1", "--format=%s").startswith("move ComfyUI to v0.2.0")

    # Back by the history, as exactly as by name.
    session.ok("checkout", "v1")
    assert (head(session), changed(session), installed(session)) == (miniature.commits[NEWEST], [], before)
    session.ok("switch", "main")
    assert head(session) == miniature.commits[OLD]
    session.ok("comfyui", "update")
    assert (head(session), installed(session)) == (miniature.commits[NEWEST], before)
    assert session.ok("comfyui", "update").out == f"work: nothing to do, ComfyUI is at {NEWEST} already\n"
    session.ok("undo")
    assert (head(session), changed(session)) == (miniature.commits[OLD], [])


def test_files_of_ones_own_stay(at_newest: Session) -> None:
    root = comfyui(at_newest)
    own = {"mine.txt": "a", "comfy/own/deep.py": "b", "user/default/settings.json": "{}", "input/cat.png": "c",
           "custom_nodes/loose.py": "d"}  # fmt: skip
    for name, text in own.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    at_newest.ok("comfyui", "use", "main")
    assert (root / "comfy/later.py").exists()
    at_newest.ok("comfyui", "use", OLD)
    assert not (root / "comfy/later.py").exists()
    assert {name: (root / name).read_text() for name in own} == own
    assert (root / "models").is_symlink()


def test_a_branch_is_followed_by_an_update(at_newest: Session, miniature: Miniature) -> None:
    at_newest.ok("comfyui", "use", "experiment")
    shown = at_newest.data("comfyui", "show")
    assert (shown["kind"], shown["version"], shown["checked_out"]) == (
        "branch", "experiment", miniature.commits["experiment"],
    )  # fmt: skip
    assert at_newest.data("comfyui", "update")["after"] == "experiment"
    assert head(at_newest) == miniature.commits["experiment"]


def test_a_commit_by_its_first_digits(at_newest: Session, miniature: Miniature) -> None:
    commit = miniature.commits[OLD]
    assert at_newest.data("comfyui", "use", commit[:9])["commit"] == commit
    assert head(at_newest) == commit


def test_changed_code_of_comfyui_is_in_the_way_only_where_it_would_be_overwritten(at_newest: Session) -> None:
    version, main = comfyui(at_newest) / "comfyui_version.py", comfyui(at_newest) / "main.py"
    main.write_text(f"{main.read_text()}# mine\n")
    at_newest.ok("comfyui", "use", OLD)  # Both versions have the same `main.py`.
    assert main.read_text().endswith("# mine\n")
    version.write_text("mine = True\n")
    before = tree(at_newest.environments / "work/ComfyUI")
    error = at_newest.error("comfyui", "use", NEWEST)
    assert (error["code"], error["exit_code"]) == ("uncommitted-work", 4)
    assert error["context"]["uncommitted"] == ["ComfyUI/comfyui_version.py: changed, not committed"]
    assert tree(at_newest.environments / "work/ComfyUI") == before


def test_a_file_of_ones_own_where_that_version_has_one_is_in_the_way(at_newest: Session) -> None:
    (comfyui(at_newest) / "comfy/later.py").write_text("mine = True\n")
    error = at_newest.error("comfyui", "use", "main")
    assert error["context"]["uncommitted"] == [
        "ComfyUI/comfy/later.py: a file of your own, where that version has one, too"
    ]


def test_a_version_that_is_not_there_is_named_with_those_that_are(at_newest: Session) -> None:
    error = at_newest.error("comfyui", "use", "v0.11.0")
    assert error["code"] == "ref-not-found"
    assert NEWEST in f"{error['hint']} {error['context']}"


def test_another_program_is_no_comfyui(at_newest: Session, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "--quiet", "--initial-branch=main")
    (other / "readme").write_text("x")
    git(other, "add", ".")
    git(other, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-m", "x")
    assert at_newest.error("comfyui", "use", "main", "--repository", str(other))["code"] == "not-comfyui"


def test_a_pack_that_would_not_fit_any_more_is_named(miniature: Miniature, host: PackHost, source: Session) -> None:
    source.variables |= host.variables()
    host.add("far", files=pack_files("Far", requirements="mini-math>=3\n"))
    host.add("fine", files=pack_files("Fine"))
    source.ok("create", "work", "--torch-backend", "cpu", "--use", "--comfyui", "v0.1.0")
    source.ok("node", "add", "fine", "far")
    before = tree(source.environments / "work/.cec")
    error = source.error("comfyui", "use", OLD)
    assert (error["code"], error["exit_code"]) == ("packs-conflict", 4)
    assert "far" in error["message"]
    assert "fine" not in error["message"]
    assert (head(source), tree(source.environments / "work/.cec")) == (miniature.commits["v0.1.0"], before)


def test_workflows_that_use_a_class_that_goes_are_named(
    at_newest: Session, tmp_path: Path, miniature: Miniature
) -> None:
    more = tmp_path / "more"
    git(tmp_path, "clone", "--quiet", str(miniature.repository), str(more))
    nodes = more / "nodes.py"
    nodes.write_text(f'{nodes.read_text()}\nclass Fresh:\n    pass\n\n\nNODE_CLASS_MAPPINGS["Fresh"] = Fresh\n')
    git(more, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-am", "A fresh class")
    data = at_newest.data("comfyui", "use", "main", "--repository", str(more))
    assert data["classes"]["added"] == ["Fresh"]
    flow = comfyui(at_newest) / "user/default/workflows/sub/flow.json"
    flow.parent.mkdir(parents=True)
    flow.write_text(json.dumps({"nodes": [{"id": 1, "type": "Fresh"}], "links": []}))
    shown = at_newest.ok("comfyui", "use", NEWEST, "--dry-run").out
    assert "  - 1 node class: Fresh\n  ! the workflow sub/flow uses Fresh\n" in shown
    data = at_newest.data("comfyui", "use", NEWEST)
    assert (data["classes"]["removed"], data["classes"]["workflows"]) == (["Fresh"], {"sub/flow": ["Fresh"]})


def test_going_back_needs_no_repository_any_more(tmp_path: Path, miniature: Miniature) -> None:
    gone = tmp_path / "gone"
    git(tmp_path, "clone", "--quiet", str(miniature.repository), str(gone))
    session = new_session(programs.program("source"), tmp_path / "here", miniature)
    session.variables["COMFYDOCK_COMFYUI_REPOSITORY"] = str(gone)
    session.ok("init")
    session.ok("create", "work", "--torch-backend", "cpu", "--use", "--comfyui", OLD)
    session.ok("comfyui", "use", NEWEST)
    session.ok("commit")
    gone.rename(tmp_path / "elsewhere")
    session.ok("checkout", "v1", "--offline")
    assert head(session) == miniature.commits[OLD]
    git(comfyui(session), "reflog", "expire", "--expire=now", "--all")
    git(comfyui(session), "gc", "--quiet", "--prune=now")
    session.ok("switch", "main", "--offline")
    assert (head(session), changed(session)) == (miniature.commits[NEWEST], [])


def test_sync_moves_comfyui_to_the_commit_of_the_manifest(at_newest: Session, miniature: Miniature) -> None:
    root = comfyui(at_newest)
    git(root, "update-ref", "--no-deref", "HEAD", miniature.commits[OLD])
    git(root, "checkout", "--quiet", OLD, "--", "comfyui_version.py", "requirements.txt")
    data = at_newest.data("sync")
    assert data["comfyui"] == {"before": miniature.commits[OLD], "after": miniature.commits[NEWEST]}
    assert head(at_newest) == miniature.commits[NEWEST]


def test_sync_reports_changed_code_instead_of_overwriting_it(at_newest: Session) -> None:
    root = comfyui(at_newest)
    git(root, "update-ref", "--no-deref", "HEAD", git(root, "rev-parse", f"{OLD}^{{commit}}").strip())
    git(root, "reset", "--quiet")
    ran = at_newest.run("sync")
    assert ran.code == 4
    assert "! left as it is: ComfyUI does not go to " in ran.err
