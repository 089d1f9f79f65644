"""Lists of known node packs, searching them, and why something is here, as people and scripts see it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.http_server import Reply, Server, serving
from tests.support.node_lists import MANAGER_LIST, MANAGER_MAP, MANAGER_MODELS, MANAGER_STATS, NODE_DATA, write_lists
from tests.support.sessions import Session, envelope_of

LISTS = {
    "/data.json": NODE_DATA, "/m/custom-node-list.json": MANAGER_LIST, "/m/extension-node-map.json": MANAGER_MAP,
    "/m/github-stats.json": MANAGER_STATS, "/m/model-list.json": MANAGER_MODELS,
}  # fmt: skip
FANCY = '[tool.comfydock.nodes.comfyui-fancy]\nname = "ComfyUI-Fancy"\nsource = "development"\nversion = "dev"\n'


@pytest.fixture
def server() -> Iterator[Server]:
    replies: dict[str, Reply | list[Reply]] = {
        path: Reply(content, headers={"ETag": '"1"'}) for path, content in LISTS.items()
    }
    with serving(replies) as running:
        yield running


@pytest.fixture
def informed(source: Session, server: Server) -> Session:
    """A workspace that fetches its lists from that server."""
    source.variables |= {
        "COMFYDOCK_NODE_DATA_URL": f"{server.url}/data.json",
        "COMFYDOCK_MANAGER_DATA_URL": f"{server.url}/m",
    }
    return source


def cache(session: Session) -> Path:
    return session.workspace / "comfydock_cache" / "custom_nodes"


def test_lists_are_fetched_and_searched_without_the_network_from_then_on(informed: Session, server: Server) -> None:
    missing = informed.error("node", "search", "fancy")
    assert (missing["code"], missing["exit_code"]) == ("node-data-missing", 3)
    assert "comfydock registry update" in missing["hint"]

    updated = informed.data("registry", "update")
    assert {one["name"]: one["outcome"] for one in updated["sources"]} == dict.fromkeys(
        ("node-data", "manager-list", "manager-map", "manager-stats", "manager-models"), "updated"
    )
    assert updated["counts"]["packs"] == 7

    server.requests.clear()
    found = informed.data("node", "search", "fancy", "--offline")
    assert [pack["id"] for pack in found["packs"]] == ["comfyui-fancy"]
    assert found["packs"][0]["stars"] == 12
    assert server.requests == []


def test_an_update_in_words(informed: Session, server: Server) -> None:
    ran = informed.ok("registry", "update")
    assert ran.out.splitlines() == [
        "ComfyDock's node data      updated",
        "ComfyUI-Manager's packs    updated",
        "ComfyUI-Manager's classes  updated",
        "ComfyUI-Manager's stars    updated",
        "ComfyUI-Manager's models   updated",
        "7 node packs, 2 of them in the registry, 7 node classes; 2 cannot be added; 2 models to download",
    ]
    server.replies.update(dict.fromkeys(LISTS, Reply(status=304)))
    again = informed.ok("registry", "update").out.splitlines()
    assert [line.split()[-1] for line in again[:5]] == ["unchanged"] * 5


def test_a_list_that_fails_is_told_and_named_and_does_not_keep_the_rest(informed: Session, server: Server) -> None:
    server.replies["/data.json"] = Reply("<html>")
    ran = informed.run("registry", "update")
    assert ran.code == 5
    assert "warning: `" in ran.err
    assert "1 of 5 lists could not be fetched: ComfyDock's node data\n" in ran.err
    assert "not the list that it should be" in ran.out
    server.replies.clear()
    failed = informed.run("registry", "update", "--json")
    envelope = envelope_of(failed)
    assert (failed.code, envelope["status"]) == (5, "failed")
    assert [one["outcome"] for one in envelope["data"]["sources"]] == ["failed"] * 5
    assert informed.data("registry", "status")["counts"]["packs"] == 6


def test_offline_an_update_fetches_nothing(informed: Session, server: Server) -> None:
    assert informed.run("registry", "update", "--offline").code == 5
    assert server.requests == []


def test_an_update_can_be_planned(informed: Session, server: Server) -> None:
    planned = informed.ok("registry", "update", "--dry-run")
    assert planned.out.splitlines()[0] == f"would fetch {server.url}/data.json"
    assert (server.requests, cache(informed).exists()) == ([], False)


def test_the_state_of_the_lists(informed: Session) -> None:
    before = informed.ok("registry", "status")
    assert before.out.splitlines()[0] == "ComfyDock's node data      not fetched"
    assert "comfydock registry update" in before.err
    informed.ok("registry", "update")
    lines = informed.ok("registry", "status").out.splitlines()
    assert lines[0].endswith(", version 2026.01.02")
    assert lines[-1] == "checked less than a minute ago"
    state = informed.data("registry", "status")
    assert (state["stale"], [source["present"] for source in state["sources"]]) == (False, [True] * 5)
    (cache(informed) / "node_mappings.json").write_text("{}")
    assert "cannot be used: " in informed.ok("registry", "status").out


def test_lists_that_an_older_version_left_are_used(source: Session) -> None:
    write_lists(cache(source), NODE_DATA, None, None)
    assert source.ok("node", "search", "fancy").out.startswith("  comfyui-fancy  (10 stars)\n")


def test_a_search_in_words(informed: Session) -> None:
    informed.ok("registry", "update")
    found = informed.ok("node", "search", "one", "file", COLUMNS="60").out
    assert "    cannot be added: it is a single file, not a repository\n" in found
    nothing = informed.ok("node", "search", "submarine")
    assert (nothing.out, "no known node pack" in nothing.err) == ("", True)
    assert informed.run("node", "search").code == 2
    assert informed.run("node", "search", "x", "--limit", "0").code == 2


def test_why_something_is_here(informed: Session) -> None:
    informed.ok("registry", "update")
    informed.ok("create", "work", "--torch-backend", "cpu", "--use")
    comfyui = informed.environments / "work" / "ComfyUI"
    pack = comfyui / "custom_nodes" / "ComfyUI-Fancy"
    pack.mkdir(parents=True)
    (pack / "__init__.py").write_text('NODE_CLASS_MAPPINGS = {"FancyBlur": 1}\nraise SystemExit("was run")\n')
    (pack / "requirements.txt").write_text("mini-imaging>=1\n")
    workflows = comfyui / "user" / "default" / "workflows"
    workflows.mkdir(parents=True)
    (workflows / "Große ☃.json").write_text(json.dumps({"nodes": [{"type": "FancyBlur"}]}))
    manifest = informed.environments / "work" / ".cec" / "pyproject.toml"
    manifest.write_text(manifest.read_text() + FANCY)

    assert informed.ok("node", "why", "ComfyUI-Fancy").out.splitlines() == [
        "node pack comfyui-fancy",
        "  needed by the workflow Große ☃: FancyBlur",
        "  asks for mini-imaging>=1",
    ]
    assert informed.ok("node", "why", "FancyBlur").out.splitlines() == [
        "node class FancyBlur",
        "  defined by comfyui-fancy",
        "  known of comfyui-fancy",
        "  used by Große ☃",
    ]
    (pack / "__init__.py").write_text('NODE_CLASS_MAPPINGS = {f"Fancy{kind}": 1 for kind in ("Blur",)}\n')
    assert informed.ok("node", "why", "FancyBlur").out.splitlines() == [
        "node class FancyBlur",
        "  defined by comfyui-fancy, according to the lists (its code names it at run time)",
        "  used by Große ☃",
    ]
    assert informed.data("node", "why", "FancyBlur")["classes"][0]["origin"] == "installed"
    base = informed.data("node", "why", "Mini_Base")["packages"][0]
    assert (base["name"], base["versions"], base["askers"]) == ("mini-base", ["1.5"], [])
    assert base["chains"] == [["mini-math", "mini-base"]]
    through = informed.ok("node", "why", "Mini_Base").out.splitlines()[-1]
    assert through == "  through mini-math > mini-base, requested by ComfyUI"
    assert informed.ok("node", "why", "mini-imaging").out.splitlines()[1] == ("  ComfyUI asks for `mini-imaging>=1.0`")
    torch = informed.data("node", "why", "torch")["packages"][0]
    assert [(asker["kind"], asker["name"], asker["requirement"]) for asker in torch["askers"]] == [
        ("comfyui", "", "torch"),
        ("constraint", "", "torch==2.9.1"),
        ("backend", "cpu", "torch==2.9.1+cpu"),
    ]
    unknown = informed.error("node", "why", "submarine")
    assert (unknown["code"], unknown["exit_code"]) == ("pack-not-found", 3)
    marked = informed.data("node", "search", "fancy")["packs"]
    assert [(one["id"], one["installed"]) for one in marked] == [("comfyui-fancy", True)]
