"""`workflow resolve` killed at each kind of point it passes, while it adds a pack, fetches a model and writes.

With `COMFYDOCK_TEST_NIGHTLY=1` at every point. The file of the workflow is the old or the new one, and whoever comes
next gets it done.
"""

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.conftest import Field
from tests.crash.recovering import tried
from tests.support.http_server import Reply, serving
from tests.support.model_host import ModelHost, model_host
from tests.support.node_lists import MANAGER_LIST, MANAGER_MAP, MANAGER_MODELS, MANAGER_STATS
from tests.support.pack_host import pack_files, pack_host
from tests.support.sessions import Session

WORK = ("-e", "work")
RESOLVE = ("workflow", "resolve", "flow", "--auto", "--install", "--models", "all", *WORK)
CONTENT = b"model" * 10_000
FLOW = "environments/work/ComfyUI/user/default/workflows/flow.json"
LISTS: dict[str, Reply | list[Reply]] = {
    "/data.json": Reply(
        {
            "version": "1",
            "mappings": {"Killed::_": [{"package_id": "killed", "versions": ["1.0.0"], "rank": 1}]},
            "packages": {"killed": {"display_name": "Killed", "versions": {}}},
        }
    ),
    "/manager/custom-node-list.json": Reply(MANAGER_LIST),
    "/manager/extension-node-map.json": Reply(MANAGER_MAP),
    "/manager/github-stats.json": Reply(MANAGER_STATS),
    "/manager/model-list.json": Reply(MANAGER_MODELS),
}


@pytest.fixture(scope="module")
def models() -> Iterator[ModelHost]:
    with model_host() as running:
        yield running


@pytest.fixture(scope="module")
def saved(prepared: Session, models: ModelHost, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    """The prepared workspace with a workflow that lacks everything."""
    with pack_host(tmp_path_factory.mktemp("host")) as host, serving(LISTS) as lists:
        host.add("killed", "1.0.0", files=pack_files("Killed"))
        addresses = {
            "COMFYDOCK_NODE_DATA_URL": f"{lists.url}/data.json",
            "COMFYDOCK_MANAGER_DATA_URL": f"{lists.url}/manager",
        }
        variables = {**prepared.variables, **host.variables(), **addresses}
        first = Session(prepared.program, prepared.workspace, variables)
        equipped = Field(first, tmp_path_factory.mktemp("equipped")).session
        equipped.ok("registry", "update")
        write_workflow(equipped.workspace, models)
        yield Field(equipped, tmp_path_factory.mktemp("killed"))


def write_workflow(workspace: Path, models: ModelHost) -> None:
    named = {"name": "new.safetensors", "url": models.put("/new.safetensors", CONTENT), "directory": "checkpoints"}
    nodes = [
        {"id": 1, "type": "CheckpointLoaderSimple", "widgets_values": ["new.safetensors"],
         "properties": {"models": [named]}},
        {"id": 2, "type": "VAELoader", "widgets_values": ["sub\\v.safetensors"]},
        {"id": 3, "type": "Killed"},
    ]  # fmt: skip
    (workspace / FLOW).parent.mkdir(parents=True)
    (workspace / FLOW).write_text(json.dumps({"nodes": nodes, "links": []}))
    vae = workspace / "models/vae/sub/v.safetensors"
    vae.parent.mkdir(parents=True, exist_ok=True)
    vae.write_bytes(b"vae" * 100)


def test_a_resolution_killed_at_any_point_is_finished_by_the_next(saved: Field) -> None:
    session = saved.session
    saved.reset()
    flow = session.workspace / FLOW
    old = flow.read_bytes()
    points = saved.points(*RESOLVE)
    new = flow.read_bytes()
    assert new == old.replace(b"sub\\\\v.safetensors", b"sub/v.safetensors")
    ended = {old: 0, new: 0}
    for at in tried(points):
        saved.reset()
        assert saved.run(*RESOLVE, fault=f"kill:{at}") == -signal.SIGKILL, points[at - 1]
        saved.run("operation", "prune", "--keep", "99", *WORK)
        ended[flow.read_bytes()] += 1
        assert saved.run(*RESOLVE) == 0, points[at - 1]
        assert flow.read_bytes() == new
        assert (session.workspace / "models/checkpoints/new.safetensors").read_bytes() == CONTENT
        assert session.data("status", *WORK)["packages"]["state"] == "in-sync"
        again = session.data(*RESOLVE)
        assert (again["complete"], again["fetched"], again["changes"]) == (True, [], [])
    print(f"\n{len(points)} points, {sum(ended.values())} runs, {list(ended.values())}")
    assert min(ended.values()) > 0
