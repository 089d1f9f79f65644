"""What `--dry-run` says is what the real run does: the same steps, nothing besides, and the dry run does nothing."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from comfydock_cli.table import resolve
from comfydock_cli.table.spec import WRITE
from tests.support.installations import make_checkout, make_git_pack
from tests.support.miniature import Miniature
from tests.support.pack_host import PackHost, pack_files
from tests.support.sessions import Session, envelope_of, tree

Prepare = Callable[[Session], None]
SETTINGS = "../.metadata/workspace.json"


def with_work(session: Session) -> None:
    session.ok("create", "work", "--torch-backend", "cpu", "--use")


def with_spare(session: Session) -> None:
    with_work(session)
    session.ok("clone", "work", "spare")


def in_a_mess(session: Session) -> None:
    """Another package, a missing node pack, a models link that leads elsewhere."""
    with_work(session)
    work = session.environments / "work"
    (info,) = work.glob(".venv/lib/python*/site-packages/mini_base-1.5.dist-info")
    info.rename(info.with_name("mini_base-1.4.dist-info"))
    (work / "ComfyUI/models").unlink()
    (work / "ComfyUI/models").symlink_to(session.workspace)
    pack = session.workspace.parent / "pack"
    commit = make_git_pack(pack, remote=None)
    with (work / ".cec/pyproject.toml").open("a", encoding="utf-8") as manifest:
        manifest.write(f'\n[tool.comfydock.nodes.pack]\nname = "pack ☃"\nsource = "git"\nversion = "{commit}"\n'
                       f"repository = '{pack}'\n")  # fmt: skip


def damaged(session: Session) -> None:
    with_work(session)
    (module,) = (session.environments / "work").glob(".venv/lib/python*/site-packages/mini_imaging/__init__.py")
    module.unlink()


def with_log(session: Session) -> None:
    with_work(session)
    session.ok("use", "work")


def without_lock(session: Session) -> None:
    with_work(session)
    (session.environments / "work/.cec/uv.lock").unlink()


def deleted(session: Session) -> None:
    with_work(session)
    session.ok("delete", "work", "--yes")


def another_back_end(session: Session) -> None:
    with_work(session)
    session.ok("backend", "use", "cu128")


def with_group(session: Session) -> None:
    with_work(session)
    session.ok("py", "add", "mini-masks", "--group", "tools")


def with_constraint(session: Session) -> None:
    with_work(session)
    session.ok("constraint", "add", "mini-imaging<1.1")


def with_installation(session: Session) -> None:
    place = Path(session.variables["INSTALLATION"])
    make_git_pack(place / "custom_nodes/Fancy")
    (place / "user/default/workflows").mkdir(parents=True)
    (place / "user/default/workflows/w.json").write_text("{}")


def with_template(session: Session) -> None:
    with_work(session)
    shutil.copy(session.environments / "work/.cec/pyproject.toml", session.workspace.parent / "template.toml")
    session.ok("use", "work")


def with_bundle(session: Session) -> None:
    with_work(session)
    session.ok("export", str(session.workspace.parent / "bundle.tar.gz"))


def with_snapshot(session: Session) -> None:
    with_work(session)
    session.ok("export", str(session.workspace.parent / "snapshot.json"), "--manager-snapshot")


def with_packs(session: Session) -> None:
    """Two packs, one of them not the newest, one that is turned off, and a directory of the user's own."""
    with_work(session)
    session.ok("node", "add", "blur@1.0.0", "off", "https://github.com/alice/Fancy")
    session.ok("node", "disable", "off")
    mine = session.environments / "work/ComfyUI/custom_nodes/Mine"
    mine.mkdir()
    (mine / "requirements.txt").write_text("mini-math\n")
    workflows = session.environments / "work/ComfyUI/user/default/workflows"
    workflows.mkdir(parents=True)
    (workflows / "flow.json").write_text('{"nodes": [{"id": 1, "type": "KSampler"}], "links": []}')


def with_foreign(session: Session) -> None:
    """A workflow with a class that nothing here defines."""
    with_packs(session)
    flow = session.environments / "work/ComfyUI/user/default/workflows/foreign.json"
    flow.write_text('{"nodes": [{"id": 1, "type": "Sharp"}], "links": []}')


def with_choice(session: Session) -> None:
    with_foreign(session)
    session.ok("workflow", "node", "map", "Sharp", "sharp")


def with_model(session: Session) -> None:
    """A workflow that asks for a model, and another model that may be meant."""
    with_work(session)
    workflows = session.environments / "work/ComfyUI/user/default/workflows"
    workflows.mkdir(parents=True)
    named = {"name": "photo.safetensors", "url": "https://example.com/photo", "directory": "checkpoints"}
    node = {"id": 1, "type": "CheckpointLoaderSimple", "widgets_values": ["photo.safetensors"],
            "properties": {"models": [named]}}  # fmt: skip
    (workflows / "flow.json").write_text(json.dumps({"nodes": [node], "links": []}))
    model = session.workspace / "models/checkpoints/other.safetensors"
    model.parent.mkdir(parents=True, exist_ok=True)
    model.write_bytes(b"weights")


def with_noted_model(session: Session) -> None:
    with_model(session)
    session.run("workflow", "resolve", "flow", "--auto", "--no-install", "--models", "skip")


def with_root(session: Session) -> None:
    with_work(session)
    session.ok("model", "root", "add", f"{session.variables['INSTALLATION']}/models")


def with_older_comfyui(session: Session) -> None:
    session.ok("create", "work", "--torch-backend", "cpu", "--use", "--comfyui", "v0.2.0")


def with_history(session: Session) -> None:
    """Two commits: with packs and a workflow, and before."""
    with_packs(session)
    session.ok("commit", "-e", "work")


def with_branch(session: Session) -> None:
    with_history(session)
    session.ok("branch", "old", "v1", "-e", "work")


def with_tag(session: Session) -> None:
    with_history(session)
    session.ok("tag", "old", "v1", "-e", "work")


def with_remote(session: Session) -> None:
    with_work(session)
    session.ok("remote", "add", "origin", "https://example.com/work.git", "-e", "work")


def with_stash(session: Session) -> None:
    with_packs(session)
    session.ok("stash", "-e", "work")


def nothing(session: Session) -> None:
    """As it is."""


# Each with the words that make it do its work, what is there before, and where its operation is listed.
WORKSPACE, WORK = ("--workspace",), ("-e", "work")
CASES: dict[str, tuple[tuple[str, ...], Prepare, tuple[str, ...]]] = {
    "create": (("create", "new", "--torch-backend", "cpu", "--use"), nothing, WORKSPACE),
    "create from a template": (("create", "new", "--torch-backend", "none", "--template", "{template}"),
                               with_template, WORKSPACE),
    "import": (("import", "{bundle}", "--name", "new", "--torch-backend", "none", "--models", "skip", "--use"),
               with_bundle, WORKSPACE),
    "import of a snapshot": (("import", "{snapshot}", "--name", "new", "--torch-backend", "none", "--use"),
                             with_snapshot, WORKSPACE),
    "clone": (("clone", "work", "new", "--use"), with_work, WORKSPACE),
    "adopt": (("adopt", "{installation}", "--name", "new", "--torch-backend", "cpu"), with_installation, WORKSPACE),
    "delete": (("delete", "work", "--yes"), with_work, WORKSPACE),
    "rename": (("rename", "work", "new"), with_work, WORKSPACE),
    "rename with a log": (("rename", "work", "new"), with_log, WORKSPACE),
    "use": (("use", "spare"), with_spare, WORKSPACE),
    "sync": (("sync",), in_a_mess, WORK),
    "sync --relock": (("sync", "--relock"), without_lock, WORK),
    "repair": (("repair", "-e", "work"), damaged, WORK),
    "comfyui use": (("comfyui", "use", "v0.2.0"), with_packs, WORK),
    "comfyui update": (("comfyui", "update"), with_older_comfyui, WORK),
    "backend lock": (("backend", "lock", "cu128"), with_work, WORK),
    "backend use": (("backend", "use", "cu128"), with_work, WORK),
    "node add": (("node", "add", "sharp", "blur@2.0.0"), with_packs, WORK),
    "node add --dev": (("node", "add", "Mine", "--dev"), with_packs, WORK),
    "node remove": (("node", "remove", "blur", "Fancy"), with_packs, WORK),
    "node remove --untrack": (("node", "remove", "blur", "--untrack"), with_packs, WORK),
    "node update": (("node", "update", "--all"), with_packs, WORK),
    "node prune": (("node", "prune", "--yes"), with_packs, WORK),
    "node disable": (("node", "disable", "blur", "Fancy"), with_packs, WORK),
    "node enable": (("node", "enable", "off"), with_packs, WORK),
    "node dev-link": (("node", "dev-link", "{installation}/custom_nodes", "--name", "blur"), with_packs, WORK),
    "env-config torch-backend set": (("env-config", "torch-backend", "set", "none"), with_work, WORK),
    "py add": (("py", "add", "mini-masks", "--group", "tools"), with_work, WORK),
    "py remove": (("py", "remove", "mini-imaging", "--force"), with_work, WORK),
    "py remove-group": (("py", "remove-group", "tools"), with_group, WORK),
    "constraint add": (("constraint", "add", "mini-imaging<1.1"), with_work, WORK),
    "constraint remove": (("constraint", "remove", "mini-imaging"), with_constraint, WORK),
    "model root add": (("model", "root", "add", "{installation}", "--default"), with_root, WORK),
    "model root remove": (("model", "root", "remove", "models"), with_root, WORK),
    "workflow lock": (("workflow", "lock", "--all", "--embed"), with_packs, WORK),
    "workflow node map": (("workflow", "node", "map", "Sharp", "sharp"), with_foreign, WORK),
    "workflow node unmap": (("workflow", "node", "unmap", "Sharp"), with_choice, WORK),
    "workflow model map": (("workflow", "model", "map", "flow", "photo.safetensors", "checkpoints/other.safetensors"),
                           with_model, WORK),
    "workflow model importance": (("workflow", "model", "importance", "flow", "photo.safetensors", "optional"),
                                  with_noted_model, WORK),
    "checkout": (("checkout", "v1"), with_history, WORK),
    "checkout -b": (("checkout", "v1", "-b", "new"), with_history, WORK),
    "switch": (("switch", "old"), with_branch, WORK),
    "reset": (("reset", "v1"), with_history, WORK),
    "reset --hard": (("reset", "v1", "--hard"), with_history, WORK),
    "branch": (("branch", "new", "v1"), with_history, WORK),
    "branch -m": (("branch", "-m", "new"), with_history, WORK),
    "branch -d": (("branch", "-d", "old"), with_branch, WORK),
    "tag": (("tag", "new"), with_history, WORK),
    "tag -d": (("tag", "-d", "old"), with_tag, WORK),
    "remote add": (("remote", "add", "origin", "https://example.com/work.git"), with_work, WORK),
    "remote remove": (("remote", "remove", "origin"), with_remote, WORK),
    "remote rename": (("remote", "rename", "origin", "hub"), with_remote, WORK),
    "stash pop": (("stash", "pop"), with_stash, WORK),
    "stash drop": (("stash", "drop"), with_stash, WORK),
    "undo": (("undo",), deleted, WORKSPACE),
    "undo of an environment": (("undo", "-e", "work"), another_back_end, WORK),
    "operation undo": (("operation", "undo", "1", "--workspace"), with_work, WORKSPACE),
}  # fmt: skip

# Rows that change something and are not here, each with the reason.
ELSEWHERE = {
    "export": "writes a file and changes no environment; test_bundles and test_foreign_imports have its plans",
    "mirror export": "writes a directory and changes no environment; test_mirrors has its plan",
    "cache prune": "removes what nothing needs, outside of environments; test_caches has its plan",
    "mirror import": "fills caches and changes no environment; test_mirrors has its plan",
    "init": "makes the workspace that operations are in; test_bad_input has its plan",
    "config": "writes one setting; test_bad_input has its plan",
    "completion install": "writes files of the shell; test_bad_input has its plan",
    "completion uninstall": "removes files of the shell; test_bad_input has its plan",
    "self update": "changes the program; test_self_update has its plan",
    "self uninstall": "removes the program; test_self_update has its plan",
    "py uv": "runs uv as somebody words it: there is nothing to plan; test_python_packages has it",
    "doctor": "does several things, each as an operation of its own; test_doctor has its plan",
    "operation resume": "finishes an operation whose plan is recorded; test_failures has it",
    "operation prune": "removes operations and makes none; below",
    "model index sync": "notes what lies in directories and changes none of it; test_models has its plan",
    "model index dir": "test_models has its plan",
    "model verify": "changes nothing but with `--quarantine`; test_models has its plan",
    "model download": "fetches a file and replaces none; test_downloads has its plan",
    "model search-source": "notes addresses in the index; test_downloads has it",
    "download pause": "stops another command; test_downloads has its plan",
    "download resume": "goes on with what a download had planned; test_downloads has it",
    "download cancel": "removes what is not whole yet; test_downloads has its plan",
    "model add-source": "notes an address in the index; test_models has it",
    "model delete": "an operation among models; test_models has its plan",
    "model gc": "an operation among models; test_model_collecting has its plan",
    "model dedupe": "an operation among models; test_models has its plan",
    "workflow resolve": "does what rows above plan: it adds packs and fetches models; test_workflow_locks has it",
    "merge": "a commit is named by the second in which it is made; test_merging has its preview",
    "pull": "a merge, whose commit is named by the second in which it is made; test_sharing has it",
    "push": "changes a remote, and no environment; test_sharing has its plan",
    "fetch": "changes what is known of a remote, and no environment; test_sharing has its plan",
    "revert": "a commit is named by the second in which it is made; test_merging has it",
    "stash": "a stash is a commit, named by the second in which it is made; test_moving has its plan",
    "rollback": "a commit is named by the second in which it is made; test_moving has its plan",
    "commit": "a commit is named by the second in which it is made; test_committing has its plan",
    "registry update": "fetches lists that belong to no scope; test_node_knowledge has its plan",
}


def test_every_row_that_changes_something_is_tried_or_named_with_a_reason() -> None:
    rows = {" ".join(row.path) for row in resolve.all_commands() if row.effect == WRITE}
    tried = {max((row for row in rows if f"{' '.join(words)} ".startswith(f"{row} ")), key=len)
             for words, _, _ in CASES.values()}  # fmt: skip
    assert tried | set(ELSEWHERE) == rows
    assert not tried & set(ELSEWHERE)


def publish(host: PackHost) -> None:
    host.add("blur", "1.0.0", files=pack_files("Blur", requirements="mini-masks<2\n"))
    host.add("blur", "2.0.0", files=pack_files("Blur", requirements="mini-masks>=2\n"))
    host.add("off", files=pack_files("Off"))
    host.add("sharp", files=pack_files("Sharp"))
    host.add_repository("alice", "Fancy")


@pytest.fixture
def prepared(
    source: Session, miniature: Miniature, host: PackHost, request: pytest.FixtureRequest
) -> tuple[Session, tuple[str, ...]]:
    """The session in the state before a case, and the case's words."""
    place = make_checkout(source.workspace.parent / "Alt ☃/ComfyUI", miniature)
    source.variables["INSTALLATION"] = str(place)
    source.variables |= host.variables()
    publish(host)
    words, prepare, _ = CASES[request.param]
    prepare(source)
    files = {"template": "template.toml", "bundle": "bundle.tar.gz", "snapshot": "snapshot.json"}
    named = {word: source.workspace.parent / name for word, name in files.items()}
    return source, tuple(word.format(installation=place, **named) for word in words)


@pytest.mark.parametrize(("prepared", "case"), [(case, case) for case in CASES], indirect=["prepared"], ids=CASES)
def test_the_plan_changes_nothing_and_is_what_the_real_run_does(
    prepared: tuple[Session, tuple[str, ...]], case: str
) -> None:
    session, words = prepared
    before = everything(session, words)
    plan = session.data(*words, "--dry-run")
    text = session.ok(*words, "--dry-run").out
    assert everything(session, words) == before
    refuse_vague(plan, text)

    data = session.data(*words)
    done = session.data("operation", "list", *CASES[case][2])["operations"][-1]
    assert (done["fingerprint"], done["steps"], done["state"]) == (plan["fingerprint"], plan["steps"], "done")
    assert done["words"] == [*words, "--json"]
    assert data["name"] == plan["name"] if "name" in data else True
    found = changed(session.workspace, before)
    assert found
    assert outside(found, plan, session.workspace) == set()


def everything(session: Session, words: tuple[str, ...]) -> dict[str, object]:
    """All there is; but for the caches where the plan is one of packages, which have to be fetched and resolved, or of
    workflows, for which code is read."""
    found = tree(session.workspace.parent, whole=True)
    if words[0] not in ("node", "py", "constraint", "workflow", "comfyui"):
        return found
    caches = ("workspace/uv_cache", "workspace/comfydock_cache")
    return {path: one for path, one in found.items() if not path.startswith(caches)}


def refuse_vague(plan: dict[str, Any], text: str) -> None:
    """What a plan tells, in data and in words."""
    assert plan["steps"]
    assert plan["plan"]
    assert {type(plan[key]) for key in ("fetch_bytes", "disk_needed")} <= {int, type(None)}
    assert plan["disk_free"] > 0
    lines = text.splitlines()
    end = lines.index("then, all at once:")
    steps = [line for line in lines[:end] if not line.startswith("  ")]  # What is within: requirements and packages.
    assert [line.partition(" ")[0] for line in steps] == ["would"] * len(plan["plan"])
    for step, line in zip(plan["steps"], lines[end + 1 :], strict=False):
        assert line.startswith(f"  {step.get('sign', '~')} ")
        assert step.get("path", step.get("name")).removeprefix("../") in line
    assert [line for line in lines[end:] if line.startswith("to fetch: ")]


# What commands note for themselves, and what git and Python write when somebody looks.
ASIDE = ("logs/", "uv_cache", "comfydock_cache")
LOOKED_AT = (".git/index", "__pycache__")


def changed(workspace: Path, before: dict[str, object]) -> set[str]:
    """The highest names in the workspace that are not what they were."""
    prefix = f"{workspace.name}/"
    old = {name.removeprefix(prefix): content for name, content in before.items() if name.startswith(prefix)}
    old = {name: content for name, content in old.items() if ".ops" not in Path(name).parts}
    new = tree(workspace)
    names = {name for name in old.keys() | new.keys() if old.get(name, 0) != new.get(name, 0)}
    names = {name for name in names if not name.startswith(ASIDE) and not any(part in name for part in LOOKED_AT)}
    return {name for name in names if not any(str(parent) in names for parent in Path(name).parents)}


def outside(names: set[str], plan: dict[str, Any], workspace: Path) -> set[str]:
    """Those that the plan does not name, themselves or by what they lie in."""
    swaps = [step for step in plan["steps"] if step["kind"] == "swap"]
    paths = {path for step in swaps for path in (step["path"], step["source"] or step["path"])}
    paths |= {f"{step['repository']}/.git" for step in plan["steps"] if step["kind"] == "ref"}
    own = {os.path.relpath(os.path.normpath(f"{plan['scope']}/{path}"), workspace) for path in paths}
    own |= {os.path.relpath(line["target"], workspace) for line in plan["plan"] if line["action"] == "copy"}
    return {name for name in names if not any(Path(name).is_relative_to(each) for each in own)}


def test_a_purge_says_that_it_cannot_be_undone_and_is_not(source: Session) -> None:
    with_work(source)
    plan = source.data("delete", "work", "--purge", "--dry-run")
    assert plan["not_undoable"] == [f"`{source.environments}/work` is removed for good"]
    assert "cannot be undone: " in source.ok("delete", "work", "--purge", "--dry-run").out
    source.ok("delete", "work", "--purge", "--yes")
    assert [row["words"][0] for row in source.data("operation", "list")["operations"]] == ["create"]
    error = source.error("undo")
    assert error["exit_code"] == 4


def test_pruning_frees_what_its_plan_says_and_nothing_before(source: Session) -> None:
    deleted(source)
    before = tree(source.workspace, whole=True)
    plan = source.data("operation", "prune", "--dry-run")
    assert tree(source.workspace, whole=True) == before
    done = source.data("operation", "prune")
    assert (plan["freed"], plan["operations"]) == (done["freed"], done["operations"])
    assert source.data("operation", "list")["operations"] == []


@pytest.mark.parametrize("words", [("sync",), ("backend", "use", "cpu")], ids=" ".join)
def test_where_nothing_is_to_be_done_the_plan_says_so_and_nothing_is_done(
    source: Session, words: tuple[str, ...]
) -> None:
    with_work(source)
    plan = source.data(*words, "--dry-run")
    assert (plan["plan"], plan["steps"]) == ([], [])
    told = source.ok(*words, "--dry-run")
    assert (told.out, told.err) == ("", "there is nothing to do\n")
    assert source.ok(*words).out == "work is up to date\n"
    assert source.data("operation", "list", "-e", "work")["operations"] == []


def test_a_plan_that_cannot_be_made_is_an_error_of_the_dry_run_too(source: Session) -> None:
    with_work(source)
    for words, code in ((("clone", "work", "work"), 4), (("rename", "work", "a/b"), 2), (("delete", "none"), 3),
                        (("backend", "lock", "nonsense"), 2), (("sync", "-e", "none"), 3),
                        (("adopt", "/nowhere", "--name", "x"), 3), (("undo", "-e", "work"), 3)):  # fmt: skip
        ran = source.run(*words, "--dry-run", "--json")
        assert envelope_of(ran)["exit_code"] == code, words
        assert source.run(*words, "--yes").code == code, words
