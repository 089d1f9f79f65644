"""`workflow resolve` against real servers: packs from a registry, models from a host, the workflow and the manifest."""

import hashlib
import json
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest
import tomlkit

from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.factories.workspace_factory import open_workspace
from comfydock_core.managers.pyproject.workflow_entries import read_entry
from comfydock_core.models.exceptions import ChangedMeanwhile
from comfydock_core.models.operation import Initiator
from comfydock_core.models.workflow.plans import Decisions
from comfydock_core.utils.reporting import SilentReporter
from tests.e2e.test_terminal import end, terminal
from tests.support.http_server import Reply, serving
from tests.support.model_host import ModelHost, model_host
from tests.support.node_lists import MANAGER_LIST, MANAGER_MAP, MANAGER_MODELS, MANAGER_STATS
from tests.support.pack_host import PackHost, pack_files
from tests.support.sessions import Session, stop, tree

PACK = "my-blur"
MODEL = b"model" * 1000
VAE = b"vae" * 1000
# Written as nobody would write it: what is not a name of a model must stay.
TEXT = """{"last_node_id": 3,\t"nodes": [
  {"id":1,  "type":"CheckpointLoaderSimple", "widgets_values":["CKPT"], "inputs": [], "properties": {"x": 1.50, "models": MODELS}},
  {"type": "VAELoader", "id": 2, "widgets_values": [ "VAE" ], "caf\\u00e9": "caf\\u00e9" }, \r
  {"id": 3, "type": "MyBlur", "widgets_values": [] }  ], "links": [], "extra": {"seed": 1e3}, "version": 0.4 }  \n
"""  # noqa: E501


@pytest.fixture
def models() -> Iterator[ModelHost]:
    with model_host() as running:
        yield running


@pytest.fixture
def known(work: Session, host: PackHost) -> Session:
    """`work` with lists that say that `MyBlur` is from a pack which the registry has."""
    host.add(PACK, "1.0.0", files=pack_files("MyBlur"), name="My-Blur")
    data = {
        "version": "1",
        "mappings": {
            "MyBlur::_": [{"package_id": PACK, "versions": ["1.0.0"], "rank": 1}],
            **{f"Dual{number}::_": [{"package_id": one, "versions": [], "rank": 1} for one in ("pack-a", "pack-b")]
               for number in (1, 2)},
            "Many::_": [{"package_id": f"many-{number}", "versions": [], "rank": 1} for number in range(7)],
        },
        "packages": {one: {"display_name": one, "versions": {}}
                     for one in (PACK, "pack-a", "pack-b", *(f"many-{number}" for number in range(7)))},
    }  # fmt: skip
    empty: dict[str, Reply | list[Reply]] = {
        "/data.json": Reply(data),
        "/manager/custom-node-list.json": Reply(MANAGER_LIST),
        "/manager/extension-node-map.json": Reply(MANAGER_MAP),
        "/manager/github-stats.json": Reply(MANAGER_STATS),
        "/manager/model-list.json": Reply(MANAGER_MODELS),
    }
    with serving(empty) as lists:
        urls = {
            "COMFYDOCK_NODE_DATA_URL": f"{lists.url}/data.json",
            "COMFYDOCK_MANAGER_DATA_URL": f"{lists.url}/manager",
        }
        work.ok("registry", "update", **urls)
    return work


def place_of(session: Session, name: str = "portrait") -> Path:
    return session.environments / f"work/ComfyUI/user/default/workflows/{name}.json"


def save(session: Session, text: str | dict[str, Any], name: str = "portrait") -> Path:
    path = place_of(session, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes((text if isinstance(text, str) else json.dumps(text)).encode())
    return path


def workflow(*, ckpt: str = "a.safetensors", vae: str = "v.safetensors", named: object = ()) -> str:
    named_text = json.dumps(list(named))  # type: ignore[call-overload]
    return (
        TEXT.replace("CKPT", json.dumps(ckpt)[1:-1]).replace('VAE"', json.dumps(vae)[1:]).replace("MODELS", named_text)
    )


def nodes(*kinds: str) -> dict[str, Any]:
    return {"nodes": [{"id": at, "type": kind} for at, kind in enumerate(kinds, 1)], "links": []}


def one_node(kind: str, value: str, named: object = ()) -> dict[str, Any]:
    return {"nodes": [{"id": 1, "type": kind, "widgets_values": [value], "properties": {"models": named}}], "links": []}


def put(session: Session, path: str, content: bytes = MODEL) -> Path:
    file = session.workspace / "models" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


def noted(session: Session, name: str = "portrait") -> Any:
    manifest = session.environments / "work/.cec/pyproject.toml"
    return read_entry(tomlkit.parse(manifest.read_text()).unwrap(), name)


def named(models: ModelHost, name: str = "a.safetensors", **more: str) -> list[dict[str, str]]:
    return [{"name": name, "url": models.put(f"/{name}", MODEL), "directory": "checkpoints", **more}]


ALL = ("workflow", "resolve", "portrait", "--auto", "--install", "--models", "all")


def test_everything_that_a_workflow_needs_is_got_once(known: Session, models: ModelHost) -> None:
    path = save(known, workflow(ckpt="sub/a.safetensors", named=named(models)))
    put(known, "vae/v.safetensors", VAE)
    before = path.read_bytes()
    first = known.ok(*ALL)
    assert first.out.splitlines()[0] == "portrait: everything that it needs is here"
    assert (known.workspace / "models/checkpoints/sub/a.safetensors").read_bytes() == MODEL
    assert [one["pack"] for one in known.data("node", "list")["packs"]] == [PACK]
    assert path.read_bytes() == before
    entry = noted(known)
    assert (entry.packs, entry.path) == ((PACK,), "workflows/portrait.json")
    assert [(one.filename, one.category, one.status) for one in entry.models] == [
        ("a.safetensors", "checkpoints", "resolved"), ("v.safetensors", "vae", "resolved")]  # fmt: skip
    after, operations = tree(known.environments / "work"), known.data("operation", "list", "-e", "work")
    again = known.data(*ALL)
    assert (again["complete"], again["fetched"]) == (True, [])
    assert tree(known.environments / "work") == after
    assert known.data("operation", "list", "-e", "work") == operations


@pytest.mark.parametrize(
    ("value", "there", "written"),
    [
        ("sub\\a.safetensors", "sub/a.safetensors", "sub/a.safetensors"),
        ("SUB/A.safetensors", "sub/a.safetensors", "sub/a.safetensors"),
        ("a.safetensors", "deep/er/a.safetensors", "deep/er/a.safetensors"),
        ("old/ä.safetensors", "neu/ä.safetensors", "neu/\\u00e4.safetensors"),
    ],
)
def test_names_are_written_as_they_are_here_and_every_other_byte_stays(
    known: Session, value: str, there: str, written: str
) -> None:
    path = save(known, workflow(ckpt=value))
    before = path.read_bytes()
    put(known, f"checkpoints/{there}")
    put(known, "vae/v.safetensors", VAE)
    known.ok(*ALL)
    assert path.read_bytes() == before.replace(json.dumps(value).encode(), f'"{written}"'.encode())
    known.ok("undo", "-e", "work")
    assert path.read_bytes() == before


def test_a_name_that_several_files_have_stays_open(known: Session) -> None:
    path = save(known, workflow(ckpt="a.safetensors"))
    before = path.read_bytes()
    put(known, "checkpoints/one/a.safetensors")
    put(known, "checkpoints/two/a.safetensors", b"other")
    put(known, "vae/v.safetensors", VAE)
    ran = known.run(*ALL)
    assert ran.code == 1
    assert "several files may be meant" in ran.out
    assert "`comfydock workflow model map portrait a.safetensors FILE`" in ran.err
    assert path.read_bytes() == before
    known.ok("workflow", "model", "map", "portrait", "a.safetensors", "checkpoints/two/a.safetensors")
    assert path.read_bytes() == before.replace(b'"a.safetensors"', b'"two/a.safetensors"', 1)
    known.ok(*ALL)


def test_a_digest_that_the_workflow_names_finds_the_file_under_any_name(known: Session) -> None:
    sha256 = hashlib.sha256(MODEL).hexdigest().upper()
    path = save(known, workflow(named=[{"name": "a.safetensors", "hash": sha256, "hash_type": "SHA256"}]))
    put(known, "checkpoints/renamed.safetensors")
    put(known, "vae/v.safetensors", VAE)
    known.ok("model", "index", "sync", "--hash")
    known.ok(*ALL)
    assert b'["renamed.safetensors"]' in path.read_bytes()


def test_without_install_no_pack_is_added(known: Session) -> None:
    save(known, nodes("MyBlur"))
    ran = known.run("workflow", "resolve", "portrait", "--auto", "--no-install")
    assert (ran.code, known.data("node", "list")["packs"]) == (1, [])
    assert "`comfydock workflow resolve portrait --install`" in ran.err
    assert noted(known).packs == (PACK,)


@pytest.mark.parametrize(("level", "there"), [("all", ["a", "b"]), ("required", ["b"]), ("skip", [])])
def test_models_are_fetched_as_far_as_they_matter(
    known: Session, models: ModelHost, level: str, there: list[str]
) -> None:
    flow = nodes("CheckpointLoaderSimple", "CheckpointLoaderSimple")
    for node, name in zip(flow["nodes"], ("a", "b"), strict=True):
        node |= {
            "widgets_values": [f"{name}.safetensors"],
            "properties": {"models": named(models, f"{name}.safetensors")},
        }
    save(known, flow)
    known.ok("workflow", "model", "importance", "portrait", "b.safetensors", "required")
    ran = known.run("workflow", "resolve", "portrait", "--auto", "--models", level)
    assert ran.code == (0 if level == "all" else 1)
    found = (known.workspace / "models/checkpoints").glob("*.safetensors")
    assert sorted(path.stem for path in found) == there
    importance = {one.filename: one.importance for one in noted(known).models}
    assert importance == {"a.safetensors": "flexible", "b.safetensors": "required"}


def test_an_optional_model_may_be_absent(known: Session) -> None:
    save(
        known, {**nodes("VAELoader"), "nodes": [{"id": 1, "type": "VAELoader", "widgets_values": ["gone.safetensors"]}]}
    )
    assert known.run(*ALL).code == 1
    known.ok("workflow", "model", "importance", "portrait", "gone.safetensors", "optional")
    known.ok(*ALL)


def test_offline_says_what_cannot_be_had_and_changes_nothing_that_needs_it(known: Session, models: ModelHost) -> None:
    save(known, workflow(named=named(models)))
    put(known, "vae/v.safetensors", VAE)
    before = tree(known.environments / "work")
    ran = known.run(*ALL, "--offline")
    assert ran.code == 5, ran
    assert tree(known.environments / "work") == before
    ran = known.run("workflow", "resolve", "portrait", "--auto", "--models", "all", "--offline")
    assert (ran.code, "not fetched checkpoints/a.safetensors" in ran.out) == (1, True), ran


def test_a_download_that_fails_keeps_no_other_and_shows_in_the_exit_code(known: Session, models: ModelHost) -> None:
    flow = nodes("CheckpointLoaderSimple", "VAELoader")
    flow["nodes"][0] |= {"widgets_values": ["a.safetensors"], "properties": {"models": named(models)}}
    gone = {"name": "v.safetensors", "url": f"{models.url}/gone.safetensors", "directory": "vae"}
    flow["nodes"][1] |= {"widgets_values": ["v.safetensors"], "properties": {"models": [gone]}}
    save(known, flow)
    ran = known.run(*ALL)
    assert (ran.code, "not fetched vae/v.safetensors: " in ran.out) == (1, True), ran
    assert (known.workspace / "models/checkpoints/a.safetensors").exists()
    assert {one.filename: one.status for one in noted(known).models} == {
        "a.safetensors": "resolved", "v.safetensors": "unresolved"}  # fmt: skip
    assert noted(known).models[1].sources == (gone["url"],)


def test_a_model_with_another_digest_than_the_workflow_names_is_not_taken(known: Session, models: ModelHost) -> None:
    wrong = named(models, hash="0" * 64, hash_type="SHA256")
    save(known, one_node("CheckpointLoaderSimple", "a.safetensors", wrong))
    ran = known.run(*ALL)
    assert (ran.code, "not fetched checkpoints/a.safetensors" in ran.out) == (1, True), ran
    assert not (known.workspace / "models/checkpoints/a.safetensors").exists()


@pytest.mark.parametrize("name", ["../../outside.safetensors", "/etc/outside.safetensors", "a/../../b.safetensors"])
def test_nothing_is_fetched_to_a_place_outside_of_the_models(known: Session, models: ModelHost, name: str) -> None:
    url = models.put("/outside.safetensors", MODEL)
    save(known, one_node("CheckpointLoaderSimple", name, [{"name": name, "url": url, "directory": "checkpoints"}]))
    before = tree(known.workspace / "models")
    assert known.run(*ALL).code == 1
    assert tree(known.workspace / "models") == before
    assert not (known.workspace / "outside.safetensors").exists()


def test_a_dry_run_changes_nothing_and_names_everything(known: Session, models: ModelHost) -> None:
    path = save(known, workflow(ckpt="a.safetensors", vae="V.safetensors", named=named(models)))
    put(known, "vae/v.safetensors", VAE)
    before = tree(known.workspace / "environments"), tree(known.workspace / "models")
    plan = known.data("workflow", "resolve", "portrait", "--dry-run")
    assert ([one["id"] for one in plan["add"]], [one["to"] for one in plan["fetch"]]) == (
        [PACK], ["checkpoints/a.safetensors"])  # fmt: skip
    assert plan["writes"] == [str(path), "pyproject.toml"]
    assert [(one["old"], one["new"]) for one in plan["changes"]] == [("V.safetensors", "v.safetensors")]
    assert (tree(known.workspace / "environments"), tree(known.workspace / "models")) == before


def test_without_a_terminal_nothing_is_begun_that_would_be_asked(known: Session, models: ModelHost) -> None:
    save(known, workflow(named=named(models)))
    before = tree(known.environments / "work")
    error = known.error("workflow", "resolve", "portrait")
    assert error["exit_code"] == 2
    assert "`--install` or `--no-install`" in error["hint"] and "`--models all`" in error["hint"]
    assert tree(known.environments / "work") == before


def test_without_lists_of_packs_it_says_so(work: Session) -> None:
    save(work, nodes("MyBlur"))
    ran = work.run("workflow", "resolve", "portrait", "--auto")
    assert (ran.code, "`comfydock registry update`" in ran.err) == (1, True)


# On a terminal


def asked(session: Session, *words: str) -> "pexpect.spawn[str]":
    return terminal(session, "workflow", "resolve", "portrait", *words)


def test_a_number_chooses_a_pack_and_it_is_remembered(known: Session) -> None:
    save(known, nodes("Dual1"))
    child = asked(known, "--no-install")
    child.expect("which node pack is `Dual1` from")
    child.expect(r"\[1\]: ")
    child.sendline("2")
    code, _ = end(child)
    assert (code, noted(known).choices) == (1, {"Dual1": "pack-b"})
    listed = known.data("workflow", "node", "list")["choices"]
    assert listed == [{"class": "Dual1", "pack": "pack-b", "workflow": "portrait", "installed": None}]
    assert "pack-b" in known.ok("workflow", "node", "list", "portrait").out


def test_the_other_keys_choose_and_skip(known: Session) -> None:
    save(known, nodes("Dual1", "Dual2", "Many", "Odd"))
    child = asked(known, "--no-install")
    child.expect("Dual1"), child.expect(r"\[1\]: ")
    child.sendline("what")
    child.expect("please answer with one of these"), child.expect(r"\[1\]: ")
    child.sendline("O")
    child.expect("Dual2"), child.expect(r"\[1\]: ")
    child.sendline("s")
    child.expect("Many"), child.expect("show all 7"), child.expect(r"\[1\]: ")
    child.sendline("0")
    child.expect("  7  many-"), child.expect(r"\[1\]: ")
    child.sendline("")
    child.expect("Odd"), child.expect("kip: ")
    child.sendline("m")
    child.expect("identifier or address of the pack: ")
    child.sendline("my-own")
    end(child)
    assert noted(known).choices == {"Dual1": False, "Many": "many-0", "Odd": "my-own"}


def test_the_end_of_input_keeps_what_was_answered_and_asks_no_more(known: Session) -> None:
    save(known, nodes("Dual1", "Dual2", "MyBlur"))
    child = asked(known)
    child.expect("Dual1"), child.expect(r"\[1\]: ")
    child.sendline("o")
    child.expect("Dual2"), child.expect(r"\[1\]: ")
    child.sendeof()
    code, shown = end(child)
    assert (code, noted(known).choices, known.data("node", "list")["packs"]) == (1, {"Dual1": False}, [])
    assert "[y/N]" not in shown


def test_a_number_chooses_a_file_and_yes_adds_and_fetches(known: Session, models: ModelHost) -> None:
    path = save(known, workflow(ckpt="a.safetensors", vae="v.safetensors"))
    put(known, "checkpoints/one/a.safetensors")
    put(known, "checkpoints/two/a.safetensors", b"other")
    put(known, "vae/v.safetensors", VAE)
    child = asked(known)
    child.expect("2 files may be meant"), child.expect(r"\[1\]: ")
    child.sendline("2")
    child.expect(re.escape(f"add 1 node pack: `{PACK}`? [y/N] "))
    child.sendline("y")
    code, _ = end(child)
    assert code == 0
    assert b'["two/a.safetensors"]' in path.read_bytes()
    assert [one["pack"] for one in known.data("node", "list")["packs"]] == [PACK]


def test_packs_are_searched_for_a_class_that_no_list_has(known: Session) -> None:
    save(known, nodes("MyOddBlur"))
    child = asked(known, "--no-install")
    child.expect("no list has the node class `MyOddBlur`"), child.expect("kip")
    child.sendline("r")
    child.expect("search for: ")
    child.sendline("pack")
    child.expect("packs for `pack`:"), child.expect("  1  pack-[ab]: "), child.expect(r"\[1\]: ")
    child.sendline("1")
    end(child)
    assert noted(known).choices["MyOddBlur"] in ("pack-a", "pack-b")


def test_a_missing_model_may_be_a_file_that_is_named_alike(known: Session) -> None:
    path = save(known, one_node("CheckpointLoaderSimple", "photo-v2.safetensors"))
    put(known, "checkpoints/photo-v3.safetensors")
    put(known, "checkpoints/sub/sketch.safetensors", b"other")
    child = asked(known)
    child.expect("`photo-v2.safetensors` is missing, and no source for it is known")
    child.expect("photo-v3.safetensors"), child.expect(r"\[1\]: ")
    child.sendline("r")
    child.expect("search for: ")
    child.sendline("sketch")
    child.expect("sub/sketch.safetensors"), child.expect(r"\[1\]: ")
    child.sendline("1")
    assert end(child)[0] == 0
    assert b'"sub/sketch.safetensors"' in path.read_bytes()


def test_a_missing_model_is_fetched_from_an_address_that_is_typed(known: Session, models: ModelHost) -> None:
    save(known, one_node("CheckpointLoaderSimple", "a.safetensors"))
    url = models.put("/a.safetensors", MODEL)
    child = asked(known)
    child.expect("is missing, and no source for it is known"), child.expect("kip")
    child.sendline("d")
    child.expect("address to download from: ")
    child.sendline("not one")
    child.expect("an address begins with https://"), child.expect("address to download from: ")
    child.sendline(url)
    child.expect("fetch 1 model"), child.expect(r"\[y/N\] ")
    child.sendline("y")
    assert end(child)[0] == 0
    assert (known.workspace / "models/checkpoints/a.safetensors").read_bytes() == MODEL


def test_a_missing_model_that_is_not_needed_is_noted_so_and_not_asked_about_again(known: Session) -> None:
    save(known, one_node("CheckpointLoaderSimple", "a.safetensors"))
    child = asked(known)
    child.expect("is missing, and no source for it is known"), child.expect("kip")
    child.sendline("o")
    assert end(child)[0] == 0
    assert [one.importance for one in noted(known).models] == ["optional"]
    code, shown = end(asked(known))
    assert (code, "no source for it is known" in shown) == (0, False)


def test_ctrl_c_at_a_question_changes_nothing(known: Session) -> None:
    save(known, nodes("Dual1"))
    before = tree(known.environments / "work")
    child = asked(known)
    child.expect(r"\[1\]: ")
    child.sendintr()
    assert end(child)[0] == 130
    assert tree(known.environments / "work") == before


# Stopped in the middle


def test_ctrl_c_while_models_come_leaves_them_to_be_resumed(known: Session, models: ModelHost) -> None:
    url = models.put("/a.safetensors", MODEL * 4000, speed=2_000_000)
    save(known, one_node("CheckpointLoaderSimple", "a.safetensors", [{"name": "a.safetensors", "url": url}]))
    process = known.start(*ALL)
    while models.bytes_sent("/a.safetensors") < 1_000_000 and process.poll() is None:
        time.sleep(0.01)
    assert stop(process, signal.SIGINT).code == 130
    models.files["/a.safetensors"].speed = None
    known.ok(*ALL)
    assert (known.workspace / "models/checkpoints/a.safetensors").read_bytes() == MODEL * 4000


def test_a_kill_at_any_point_leaves_the_old_or_the_new_workflow(known: Session) -> None:
    path = save(known, workflow(ckpt="A.safetensors"))
    old = path.read_bytes()
    new = old.replace(b'"A.safetensors"', b'"a.safetensors"')
    put(known, "checkpoints/a.safetensors")
    put(known, "vae/v.safetensors", VAE)
    ended: dict[bytes, int] = {old: 0, new: 0}
    words = ("workflow", "resolve", "portrait", "--auto")
    manifest = known.environments / "work/.cec/pyproject.toml"
    first = manifest.read_bytes()
    for number in range(1, 100):
        ran = known.run(*words, COMFYDOCK_FAULT=f"kill:{number}")
        if ran.code != -signal.SIGKILL:
            break
        settled = known.run("operation", "prune", "--keep", "99", "-e", "work")
        assert settled.code == 0, settled
        ended[path.read_bytes()] += 1
        assert (path.read_bytes() == new) == (manifest.read_bytes() != first), number
        assert known.run(*words).code == 1  # The pack is still to be added.
        assert path.read_bytes() == new
        path.write_bytes(old)
        manifest.write_bytes(first)
    print(f"\n{number - 1} points, {list(ended.values())}")
    assert number > 5
    assert min(ended.values()) > 0


def test_a_workflow_that_the_editor_saves_meanwhile_is_left_alone(known: Session) -> None:
    path = save(known, workflow(ckpt="A.safetensors"))
    put(known, "checkpoints/a.safetensors")
    workspace, reporter = open_workspace(WorkspaceLayout(str(known.workspace))), SilentReporter()
    plan = workspace.workflows.plan_resolution("work", "portrait", Decisions(), reporter)
    assert plan.content is not None
    saved = path.read_bytes().replace(b"1e3", b"2e3")
    path.write_bytes(saved)
    manifest = known.environments / "work/.cec/pyproject.toml"
    before = manifest.read_bytes()
    with pytest.raises(ChangedMeanwhile):
        workspace.workflows.note_resolution(plan, Initiator(("test",), "0", wait=0), reporter)
    assert (path.read_bytes(), manifest.read_bytes()) == (saved, before)


def test_what_1_x_noted_to_be_downloaded_is_fetched_to_its_place(known: Session, models: ModelHost) -> None:
    manifest = known.environments / "work/.cec/pyproject.toml"
    url = models.put("/elsewhere.safetensors", MODEL)
    manifest.write_text(
        f"""{manifest.read_text()}
[[tool.comfydock.workflows.portrait.models]]
filename = "a.safetensors"  # the important one
category = "checkpoints"
criticality = "required"
status = "unresolved"
nodes = [{{node_id = "1", node_type = "CheckpointLoaderSimple", widget_idx = 0, widget_value = "a.safetensors"}}]
sources = ["{url}"]
relative_path = "checkpoints/mine/a.safetensors"
"""
    )
    path = save(known, one_node("CheckpointLoaderSimple", "a.safetensors"))
    assert known.run("workflow", "resolve", "portrait", "--auto").code == 1
    assert noted(known).models[0].sources == (url,)
    known.ok("workflow", "resolve", "portrait", "--auto", "--models", "required")
    assert (known.workspace / "models/checkpoints/mine/a.safetensors").read_bytes() == MODEL
    assert b'"mine/a.safetensors"' in path.read_bytes()
    (model,) = noted(known).models
    assert (model.status, model.importance, model.sources) == ("resolved", "required", ())
    assert "# the important one" in manifest.read_text()


def test_models_that_only_the_added_pack_tells_of_are_fetched_in_the_same_run(
    known: Session, host: PackHost, models: ModelHost
) -> None:
    loader = (
        "import folder_paths\n\n\nclass MyBlur:\n    @classmethod\n    def INPUT_TYPES(cls):\n"
        '        return {"required": {"name": (folder_paths.get_filename_list("vae"),)}}\n\n\n'
        'NODE_CLASS_MAPPINGS = {"MyBlur": MyBlur}\n'
    )
    host.add(PACK, "2.0.0", files={"__init__.py": loader}, name="My-Blur")
    url = models.put("/v.safetensors", VAE)
    save(known, one_node("MyBlur", "v.safetensors", [{"name": "v.safetensors", "url": url}]))
    known.ok(*ALL)
    assert (known.workspace / "models/vae/v.safetensors").read_bytes() == VAE
