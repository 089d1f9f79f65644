"""Fetching the lists of known node packs from a real server on loopback."""

import gzip
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from comfydock_core.clients.transport import Transport
from comfydock_core.models.exceptions import ScopeBusy
from comfydock_core.models.operation import Initiator
from comfydock_core.repositories.node_data.node_index import open_index
from comfydock_core.services.registry_data_manager import RegistryDataManager
from comfydock_core.services.registry_state import STALE_SECONDS, registry_state
from comfydock_core.utils.files.locks import acquire
from comfydock_core.utils.reporting import SilentReporter
from tests.support.http_server import Reply, Server, serving
from tests.support.node_lists import MANAGER_LIST, MANAGER_MAP, MANAGER_MODELS, MANAGER_STATS, NODE_DATA, write_lists
from tests.support.reporters import RecordingReporter

NAMES = {
    "node-data": "/data.json",
    "manager-list": "/m/custom-node-list.json",
    "manager-map": "/m/extension-node-map.json",
    "manager-stats": "/m/github-stats.json",
    "manager-models": "/m/model-list.json",
}
CONTENTS = {
    "node-data": NODE_DATA, "manager-list": MANAGER_LIST, "manager-map": MANAGER_MAP, "manager-stats": MANAGER_STATS,
    "manager-models": MANAGER_MODELS,
}  # fmt: skip
UNCHANGED = Reply(status=304)


def tagged(content: object, tag: str = '"1"') -> Reply:
    return Reply(content, headers={"ETag": tag})


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with serving({NAMES[name]: tagged(content) for name, content in CONTENTS.items()}) as running:
        monkeypatch.setenv("COMFYDOCK_NODE_DATA_URL", f"{running.url}/data.json")
        monkeypatch.setenv("COMFYDOCK_MANAGER_DATA_URL", f"{running.url}/m/")
        yield running


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "custom_nodes"


def update(directory: Path, reporter: RecordingReporter | None = None, *, offline: bool = False) -> dict[str, str]:
    data = RegistryDataManager(str(directory), Transport(offline=offline))
    initiator = Initiator(("registry", "update"), wait=60.0)
    return {one.name: one.outcome for one in data.update(initiator, reporter or SilentReporter())}


def all_of(outcome: str) -> dict[str, str]:
    return dict.fromkeys(NAMES, outcome)


def test_everything_is_fetched_and_indexed(server: Server, directory: Path) -> None:
    assert update(directory) == all_of("updated")
    with open_index(str(directory)) as index:
        assert index.counts()["packs"] == 7
    state = registry_state(str(directory))
    assert [source.present for source in state.sources] == [True, True, True, True, True]
    assert (state.sources[0].version, state.stale) == ("2026.01.02", False)
    assert sorted(path.name for path in directory.iterdir() if path.suffix == ".tmp") == []


def test_what_did_not_change_is_not_sent_again_and_not_indexed_again(server: Server, directory: Path) -> None:
    update(directory)
    before = {path.name: path.stat().st_ino for path in directory.iterdir() if path.name != "sources.json"}
    server.requests.clear()
    server.replies.update(dict.fromkeys(NAMES.values(), UNCHANGED))
    assert update(directory) == all_of("unchanged")
    assert {headers["if-none-match"] for _, headers in server.requests} == {'"1"'}
    after = {path.name: path.stat().st_ino for path in directory.iterdir() if path.name != "sources.json"}
    assert after == before


def test_several_updates_at_once_leave_lists_an_index_and_notes_that_fit(server: Server, directory: Path) -> None:
    outcomes: list[dict[str, str]] = []
    threads = [threading.Thread(target=lambda: outcomes.append(update(directory))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 4
    with open_index(str(directory)) as index:
        assert index.counts()["packs"] == 7
    assert sorted(path.name for path in directory.iterdir()) == sorted(
        [
            ".lock",
            "node_mappings.json",
            "custom-node-list.json",
            "extension-node-map.json",
            "github-stats.json",
            "model-list.json",
            "node_index.sqlite",
            "sources.json",
        ]
    )
    server.replies.update(dict.fromkeys(NAMES.values(), UNCHANGED))
    assert update(directory) == all_of("unchanged")


def test_a_second_update_is_refused_meanwhile_and_may_wait(server: Server, directory: Path) -> None:
    directory.mkdir(parents=True)
    data = RegistryDataManager(str(directory), Transport())
    with acquire(f"{directory}/.lock", "the list", "comfydock registry update"), pytest.raises(ScopeBusy) as raised:
        data.update(Initiator(("registry", "update")), SilentReporter())
    assert "--wait" in str(raised.value.hint)
    assert server.requests == []


def test_what_a_killed_update_left_is_removed_after_a_day(server: Server, directory: Path) -> None:
    (directory / ".node_index.sqlite.old.tmp").mkdir(parents=True)
    for name in (".node-data.old.tmp", ".node-data.new.tmp"):
        (directory / name).touch()
    for name in (".node-data.old.tmp", ".node_index.sqlite.old.tmp"):
        os.utime(directory / name, (1, 1))
    update(directory)
    assert [path.name for path in directory.iterdir() if path.suffix == ".tmp"] == [".node-data.new.tmp"]


def test_a_list_that_was_changed_by_hand_is_fetched_whole(server: Server, directory: Path) -> None:
    update(directory)
    (directory / "node_mappings.json").write_text("{}")
    server.requests.clear()
    assert update(directory)["node-data"] == "updated"
    assert "if-none-match" not in server.requests[0][1]


def test_a_list_of_another_address_is_fetched_whole(
    server: Server, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    update(directory)
    server.replies["/other.json"] = tagged(NODE_DATA)
    monkeypatch.setenv("COMFYDOCK_NODE_DATA_URL", f"{server.url}/other.json")
    server.requests.clear()
    assert update(directory)["node-data"] == "updated"
    assert "if-none-match" not in server.requests[0][1]


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=404),
        Reply(status=403),
        Reply(status=304),
        Reply("<html>"),
        Reply({}),
        Reply({"packages": [], "mappings": {}}),
        Reply(b"\x1f\x8b broken", headers={"Content-Encoding": "gzip"}),
        Reply("{", headers={"Location": "ftp://x/"}, status=302),
    ],
)
def test_one_that_fails_keeps_its_file_and_the_others(server: Server, directory: Path, reply: Reply) -> None:
    update(directory)
    before = (directory / "node_mappings.json").read_bytes()
    (directory / "sources.json").unlink()
    server.replies[NAMES["node-data"]] = reply
    reporter = RecordingReporter()
    assert update(directory, reporter) == {**all_of("updated"), "node-data": "failed"}
    assert (directory / "node_mappings.json").read_bytes() == before
    assert len(reporter.warnings) == 1
    with open_index(str(directory)) as index:
        assert index.package("comfyui-fancy") is not None


def test_a_body_that_was_cut_off_is_asked_for_again(server: Server, directory: Path) -> None:
    whole = json.dumps(NODE_DATA) + " " * 2_000_000
    cut = Reply(whole[:1_500_000], headers={"Content-Length": str(len(whole)), "Connection": "close"})
    server.replies[NAMES["node-data"]] = [cut, tagged(whole)]
    assert update(directory)["node-data"] == "updated"
    assert json.loads((directory / "node_mappings.json").read_text()) == NODE_DATA


def test_a_mirror_without_a_list_of_models_keeps_no_other_from_being_used(server: Server, directory: Path) -> None:
    del server.replies[NAMES["manager-models"]]
    assert update(directory) == {**all_of("updated"), "manager-models": "failed"}
    with open_index(str(directory)) as index:
        assert index.package("comfyui-fancy") is not None
        assert index.models_called("v15.safetensors") == []


def test_a_body_may_come_compressed(server: Server, directory: Path) -> None:
    content = gzip.compress(json.dumps(NODE_DATA).encode())
    server.replies[NAMES["node-data"]] = Reply(content, headers={"Content-Encoding": "gzip"})
    assert update(directory)["node-data"] == "updated"
    assert json.loads((directory / "node_mappings.json").read_text()) == NODE_DATA


def test_a_body_without_end_is_not_taken(server: Server, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RegistryDataManager.update.__globals__["_LARGEST"], "node-data", 1000)
    bomb = gzip.compress(b" " * 100_000 + json.dumps(NODE_DATA).encode())
    server.replies[NAMES["node-data"]] = Reply(bomb, headers={"Content-Encoding": "gzip"})
    reporter = RecordingReporter()
    assert update(directory, reporter)["node-data"] == "failed"
    assert "more than 1000 bytes" in reporter.warnings[0]
    assert not (directory / "node_mappings.json").exists()


def test_offline_nothing_is_fetched_and_what_is_there_stays(server: Server, directory: Path) -> None:
    update(directory)
    server.requests.clear()
    assert update(directory, offline=True) == all_of("failed")
    assert server.requests == []
    assert registry_state(str(directory)).present


def test_a_password_in_an_address_is_neither_shown_nor_kept(
    server: Server, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = server.url.replace("http://", "http://user:geheim@")
    monkeypatch.setenv("COMFYDOCK_NODE_DATA_URL", f"{address}/data.json")
    monkeypatch.setenv("COMFYDOCK_MANAGER_DATA_URL", f"{address}/nothing")
    reporter = RecordingReporter()
    data = RegistryDataManager(str(directory), Transport())
    outcomes = data.update(Initiator(("registry", "update")), reporter)
    kept = "".join(path.read_text(errors="replace") for path in directory.iterdir())
    shown = [*reporter.warnings, *reporter.phases, *(str(one) for one in outcomes), kept]
    assert not [text for text in shown if "geheim" in text]
    assert "geheim" not in str(registry_state(str(directory)))


def test_lists_of_an_older_version_are_used_with_the_age_of_their_files(directory: Path, server: Server) -> None:
    write_lists(directory, NODE_DATA, None, None)
    old = (directory / "node_mappings.json").stat().st_mtime - STALE_SECONDS - 10
    os.utime(directory / "node_mappings.json", (old, old))
    state = registry_state(str(directory))
    assert (state.stale, state.present) == (True, True)
    assert [source.present for source in state.sources] == [True, False, False, False, False]


def test_without_lists_the_state_says_so(directory: Path) -> None:
    state = registry_state(str(directory))
    assert (state.present, state.stale, state.age, state.counts) == (False, False, None, {})


def test_a_list_that_cannot_be_used_is_told_by_the_state(directory: Path) -> None:
    write_lists(directory, {"packages": {}}, None, None)
    state = registry_state(str(directory))
    assert state.present is False
    assert "packages" in str(state.sources[0].problem)
