"""Everything that a history needs is kept: it can be gone through when all that it came from is gone."""

import shutil
from pathlib import Path

import pytest

from tests.e2e.moves import comfyui, contents, definition, goes, save
from tests.support.miniature import build_repository, git
from tests.support.pack_host import PackHost, pack_files
from tests.support.sessions import Session


@pytest.fixture
def alone(source: Session, host: PackHost, tmp_path: Path) -> Session:
    """Three commits with different ComfyUIs, packs and packages, after everything that they came from is gone."""
    repository = tmp_path / "upstream/ComfyUI"
    build_repository(repository)
    source.variables |= {**host.variables(), "COMFYDOCK_COMFYUI_REPOSITORY": str(repository)}
    source.ok("create", "work", "--torch-backend", "cpu", "--use")
    for version in ("1.0.0", "2.0.0"):
        host.add("blur", version, files=pack_files(f"Blur{version[0]}", requirements=f"mini-masks=={version[:3]}\n"))
    host.add_repository("alice", "Fancy", pack_files("Fancy"))
    source.ok("node", "add", "blur@1.0.0", "https://github.com/alice/Fancy")
    save(source, "portrait.json", '{"nodes": [1]}')
    source.ok("comfyui", "use", "v0.1.0")
    source.ok("commit", "-m", "second")
    host.add_repository("alice", "Fancy", {"later.py": "later = True\n"})
    source.ok("node", "update", "--all")
    source.ok("py", "add", "mini-choice<2")
    source.ok("comfyui", "use", "v0.2.0")
    source.ok("commit", "-m", "third")
    shutil.rmtree(repository.parent)
    shutil.rmtree(host.root / "alice")
    host.archives.clear()
    host.nodes.clear()
    host.versions.clear()
    return source


def test_every_commit_is_reached_without_a_network_and_without_what_it_came_from(alone: Session) -> None:
    third = contents(alone)
    found = {"main": third}
    for ref in ("main~1", "main~2"):
        goes(alone, "checkout", ref, "--offline")
        found[ref] = contents(alone)
    for prune in (False, True):
        for ref in ("main", "main~2", "main~1", "main"):
            if prune:
                alone.ok("operation", "prune")
                assert alone.data("cache", "prune", "--yes")["entries"] == []
                git(comfyui(alone), "gc", "--quiet", "--prune=now")
                git(definition(alone), "gc", "--quiet", "--prune=now")
            goes(alone, "checkout", ref, "--offline")
            assert contents(alone) == found[ref], ref
    alone.ok("switch", "main")
    alone.ok("rollback", "v1", "--offline")
    assert contents(alone) == found["main~2"]


def test_what_is_nowhere_any_more_is_a_named_error_and_changes_nothing(alone: Session) -> None:
    shutil.rmtree(alone.workspace / "comfydock_cache")
    before = contents(alone)
    error = alone.error("checkout", "main~1", "--offline")
    assert error["code"] == "offline", error
    assert error["hint"]
    assert contents(alone) == before
    error = alone.error("checkout", "main~1")
    assert error["hint"], error
    assert contents(alone) == before
