"""The life of environments from the first to the last command, told to every form of the program, in its words."""

import re
import shutil
from pathlib import Path

import pytest

from tests.support.installations import make_checkout, make_git_pack
from tests.support.miniature import NEWEST, Miniature, git
from tests.support.sessions import Session, names_in

TOOK = r"\d+\.\d s"
SIZE = r"\d+(\.\d)? (B|kB|MB|GB)"
PACKAGES = ".venv/lib/python3.11/site-packages"


def said(session: Session, *words: str, code: int = 0) -> str:
    """What a command says on standard output."""
    ran = session.run(*words)
    assert ran.code == code, ran
    return ran.out


def matches(pattern: str, text: str) -> bool:
    return re.fullmatch(pattern, text) is not None


def test_a_life_of_environments(session: Session) -> None:
    environments = session.environments
    assert said(session, "init") == f"created the workspace {session.workspace}; models in {session.workspace}/models\n"

    # Made, started, doubled.
    created = session.ok("create", "work", "--torch-backend", "cpu", "--use")
    assert matches(rf"created work: ComfyUI {NEWEST} in {TOOK}\n", created.out)
    assert "pytorch version: 2.9.1+cpu" in said(session, "run", "--", "--quick-test-for-ci")
    mine = environments / "work/ComfyUI/user/default/workflows/mein Bild ☃.json"
    mine.parent.mkdir(parents=True)
    mine.write_text("{}")
    gone = session.workspace / "gone"
    (environments / "work/ComfyUI/extra_model_paths.yaml").write_text(f"other:\n    base_path: {gone}\n    loras: .\n")
    cloned = session.ok("clone", "work", "try")
    assert f"it sees 0 models in 2 places, 1 of which is not there: {gone}; " in cloned.err
    assert matches(rf"cloned work to try in {TOOK}\n", cloned.out)
    assert "`comfydock use try` makes it the active environment\n" in cloned.err
    assert "pytorch version: 2.9.1+cpu" in said(session, "-e", "try", "run", "--quick-test-for-ci")
    assert (environments / "try/ComfyUI/user/default/workflows/mein Bild ☃.json").read_text() == "{}"

    # Renamed, deleted, brought back.
    assert said(session, "rename", "try", "experiment") == "renamed try to experiment\n"
    assert said(session, "list") == "  experiment\n* work\n"
    deleted = session.ok("delete", "experiment", "--yes")
    assert matches(rf"deleted experiment: \d+ files, {SIZE}\n", deleted.out)
    assert re.search(rf"`comfydock undo` brings it back; `comfydock operation prune` frees {SIZE}\n", deleted.err)
    assert said(session, "list") == "* work\n"
    undone = session.ok("undo")
    assert undone.out == "undone operation 4: delete experiment --yes\n  + experiment\n"
    assert undone.err.endswith("`comfydock undo` redoes it\n")
    assert "pytorch version: 2.9.1+cpu" in said(session, "-e", "experiment", "run", "--quick-test-for-ci")

    # What was done, as it is reported.
    listed = [line.split(maxsplit=4) for line in said(session, "operation", "list").splitlines()]
    assert [(row[0], row[1]) for row in listed] == [(str(at), "workspace") for at in range(1, 6)]
    assert [" ".join(row[4:]) for row in listed][1:3] == [
        "done         clone work try",
        "done         rename try experiment",
    ]
    assert "undone by 5  delete experiment --yes" in said(session, "operation", "list")
    shown = said(session, "operation", "show", "3").splitlines()
    assert shown[0] == "operation 3 of workspace: done"
    assert "  command    rename try experiment" in shown
    assert "  > try to experiment" in shown

    # Removed for good.
    purged = session.ok("delete", "experiment", "--purge", "--yes")
    assert matches(rf"deleted experiment: \d+ files, {SIZE}\n", purged.out)
    assert re.search(rf"freed {SIZE}\n", purged.err)
    refused = session.run("undo")
    assert refused.code == 4
    assert "is no longer there" in refused.err
    assert "changed by hand or removed for good" in refused.err

    # Pruned.
    planned = said(session, "operation", "prune", "--dry-run").splitlines()
    assert len(planned) == 5
    assert all(matches(rf"would prune operation \d of workspace \({SIZE}\)", line) for line in planned)
    assert matches(rf"pruned 5 operations: {SIZE} freed\n", said(session, "operation", "prune"))
    assert session.ok("operation", "list").err == "there is nothing to undo yet\n"
    assert names_in(environments) == ["work"]


@pytest.fixture
def work(workspace: Session) -> Session:
    workspace.ok("create", "work", "--torch-backend", "cpu", "--use")
    return workspace


def test_a_mess_is_found_told_and_put_right(work: Session) -> None:
    root = work.environments / "work"
    (info,) = root.glob(f"{PACKAGES}/mini_math-2.0.dist-info")
    shutil.rmtree(info)
    (root / "ComfyUI/models").unlink()
    (root / "ComfyUI/models").symlink_to(work.workspace.parent)

    told = said(work, "doctor", code=8)
    assert "problem packages are not as locked" in told
    assert "to do: `comfydock sync -e work`" in told
    synced = said(work, "sync", "-e", "work").splitlines()
    assert matches(rf"work: 2 changes in {TOOK}", synced[0])
    assert f"  linked {root}/ComfyUI/models ({work.workspace}/models)" in synced
    assert "    + mini-math 2.0" in synced
    assert said(work, "sync") == "work is up to date\n"
    assert said(work, "doctor", "-e", "work").splitlines()[-1] in ("nothing is wrong", "0 problems, 1 note")
    assert "pytorch version" in said(work, "run", "--quick-test-for-ci")


def test_a_file_that_was_lost_is_repaired_and_the_repair_can_be_undone(work: Session) -> None:
    module = work.environments / "work" / PACKAGES / "mini_imaging/__init__.py"
    content = module.read_text()
    module.unlink()
    assert said(work, "sync") == "work is up to date\n"
    assert "file" in said(work, "doctor", "--deep", code=8)
    repaired = said(work, "repair").splitlines()
    assert matches(rf"work: 1 change in {TOOK}", repaired[0])
    assert repaired[1:] == [f"  installed {work.environments}/work/.venv (built anew: asked for)"]
    assert module.read_text() == content
    assert said(work, "undo", "-e", "work") == "undone operation 1: repair\n  ~ .venv\n"
    assert not module.exists()


def test_another_back_end_is_told_with_the_packages_that_come_and_go(work: Session) -> None:
    used = said(work, "backend", "use", "cu128").splitlines()
    assert matches(rf"work: 3 changes in {TOOK}", used[0])
    assert used[1:3] == [
        "  chose PyTorch for cu128 (on this machine)",
        "  locked PyTorch for cu128 (it is not locked yet)",
    ]
    assert "    + mini-accelerator 12.8" in used
    assert "    ~ torch 2.9.1+cpu → 2.9.1+cu128" in used
    assert work.data("backend", "use", "cpu")["packages"] == {
        "added": [], "removed": ["mini-accelerator 12.8"],
        "changed": [{"name": name, "before": f"{version}+cu128", "after": f"{version}+cpu"}
                    for name, version in (("torch", "2.9.1"), ("torchaudio", "2.9.1"), ("torchvision", "0.24.1"))],
    }  # fmt: skip


def test_a_manifest_changed_by_hand_is_told_before_anything_is_done(work: Session) -> None:
    manifest = work.environments / "work/.cec/pyproject.toml"
    manifest.write_text(manifest.read_text().replace('    "mini-sampling",\n', ""))
    for words in (("sync",), ("sync", "--dry-run"), ("repair", "--dry-run"), ("backend", "lock", "cu128", "--dry-run")):
        ran = work.run(*words)
        assert (ran.code, ran.out) == (4, ""), ran
        assert ran.err == (
            "error: cannot install the packages: the manifest has changed since, and `uv.lock` does not fit it any"
            " more\n\nhint: `comfydock sync --relock` resolves what was changed in the manifest\n"
        )
    relocked = said(work, "sync", "--relock")
    assert "    - mini-sampling 0.3\n" in relocked
    assert said(work, "sync") == "work is up to date\n"


def test_an_installation_is_adopted_and_what_is_unclear_is_told(workspace: Session, miniature: Miniature) -> None:
    place = make_checkout(workspace.workspace.parent / "Früher/ComfyUI", miniature)
    make_git_pack(place / "custom_nodes/Fancy", requires="mini-math\n")
    (place / "custom_nodes/Mine").mkdir()
    (place / "custom_nodes/Mine/nodes.py").write_text("")
    (place / "output").mkdir(exist_ok=True)
    (place / "output/picture.png").write_bytes(b"x")
    adopted = said(workspace, "adopt", str(place), "--name", "old", "--torch-backend", "cpu").splitlines()
    assert matches(rf"adopted {re.escape(str(place))} as old: ComfyUI {NEWEST}, 2 node packs in {TOOK}", adopted[0])
    told = "\n".join(adopted[1:])
    assert "  ! custom_nodes/Mine: it is neither a git checkout nor an installation from the registry; " in told
    assert "  ! Python: there is no virtual environment in or beside ComfyUI; the newest packages that fit" in told
    assert f"  ! outputs stay at {place}/output (1 file)" in told
    assert "custom_nodes/Fancy" not in told
    assert "pytorch version" in said(workspace, "-e", "old", "run", "--quick-test-for-ci")
    status = said(workspace, "status", "-e", "old")
    assert "node packs  2 packs, 2 not imported at ComfyUI's last start\n" in status  # They have no `__init__.py`.
    assert "clean" in status


def test_an_environment_is_made_again_from_its_manifest(work: Session) -> None:
    manifest = work.environments / "work/.cec/pyproject.toml"
    created = work.ok("create", "again", "--template", str(manifest), "--torch-backend", "cpu")
    assert matches(rf"created again: ComfyUI {NEWEST} in {TOOK}\n", created.out)
    head = git(work.environments / "again/ComfyUI", "rev-parse", "HEAD")
    assert head == git(work.environments / "work/ComfyUI", "rev-parse", "HEAD")
    assert "pytorch version: 2.9.1+cpu" in said(work, "-e", "again", "run", "--quick-test-for-ci")


def test_a_template_with_packs_that_cannot_be_had_is_made_without_them_if_wanted(work: Session) -> None:
    template = Path(work.workspace.parent, "template.toml")
    content = (work.environments / "work/.cec/pyproject.toml").read_text()
    node = 'name = "Gone"\nsource = "development"\nversion = "dev"\n'
    template.write_text(f"{content}\n[tool.comfydock.nodes.gone]\n{node}")
    words = ("create", "again", "--template", str(template), "--torch-backend", "cpu")
    refused = work.run(*words)
    assert refused.code == 3
    assert "Gone" in refused.err
    assert "hint: `--keep-going` creates the environment without them\n" in refused.err
    made = work.run(*words, "--keep-going", "--json")
    assert (made.code, made.envelope()["data"]["missing_packs"]) == (3, ["Gone"])
    assert "Gone" in said(work, "status", "-e", "again")


def test_the_log_of_an_environment_begins_with_how_it_was_made(source: Session) -> None:
    source.ok("create", "work", "--torch-backend", "cpu")
    assert "begin: comfydock create" in source.ok("logs", "-e", "work").out
    assert "end: exit code 0" in source.ok("logs", "-e", "work").out
    source.ok("use", "work")
    source.ok("py", "add", "mini-accelerator")
    assert "begin: comfydock py add" in source.ok("logs").out
    source.ok("clone", "work", "second")
    assert "begin: comfydock clone" in source.ok("logs", "-e", "second").out
    assert source.run("create", "third", "--comfyui", "nowhere").code != 0
    assert not (source.workspace / "logs" / "third").exists()
    assert "begin: comfydock create" in source.ok("logs", "--workspace").out
