"""Environments from what other tools wrote down: ComfyUI-Manager, comfy-cli and comfy-pack."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import ODD
from tests.support.miniature import NEWEST, Miniature, git
from tests.support.pack_host import PackHost, pack_files, pack_host
from tests.support.sessions import Session, envelope_of, names_in

IMPORT = ("--name", "copy", "--torch-backend", "cpu")


@dataclass(frozen=True, slots=True)
class Away:
    """What files of strangers name: packs at their hosts, and a commit of ComfyUI."""

    host: PackHost
    comfyui: str
    fancy: str
    older: str


@pytest.fixture(scope="module")
def away(miniature: Miniature, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Away]:
    with pack_host(tmp_path_factory.mktemp("hosts") / "host") as host:
        host.add("blur", files=pack_files("Blur", requirements="mini-blend\n"))
        older = host.add_repository("alice", "Fancy")
        fancy = host.add_repository("alice", "Fancy", pack_files("Newer"))
        host.add_repository("bob", "Quiet", pack_files("Quiet", requirements="mini-base\n"))
        yield Away(host, git(miniature.repository, "rev-parse", f"{NEWEST}^{{commit}}").strip(), fancy, older)


@pytest.fixture
def session(first: Session, away: Away, tmp_path: Path) -> Session:
    """An empty workspace; uv knows the packages."""
    place = tmp_path / ODD
    (place / "home").mkdir(parents=True)
    variables = {**first.variables, **away.host.variables(), "HOME": str(place / "home"),
                 "UV_CACHE_DIR": str(first.workspace / "uv_cache")}  # fmt: skip
    made = Session(first.program, place / "workspace", variables)
    made.ok("init")
    return made


def snapshot(away: Away, **changes: object) -> dict[str, Any]:
    """One as ComfyUI-Manager writes it."""
    return {
        "comfyui": away.comfyui,
        "git_custom_nodes": {
            "https://github.com/alice/Fancy": {"hash": away.older, "disabled": False},
            "https://github.com/bob/Quiet.git": {
                "hash": git(away.host.repository("bob", "Quiet"), "rev-parse", "HEAD").strip(), "disabled": True
            },
        },
        "cnr_custom_nodes": {"blur": "1.0.0"},
        "file_custom_nodes": [],
        "pips": {},
        **changes,
    }  # fmt: skip


def write(path: Path, value: object) -> str:
    path.write_text(json.dumps(value))
    return str(path)


def told(session: Session, *words: str) -> tuple[int, dict[str, Any]]:
    ran = session.run("import", *words, *IMPORT, "--json")
    data: dict[str, Any] = envelope_of(ran)["data"]
    assert data is not None, ran
    return ran.code, data


def points(data: dict[str, Any]) -> dict[str, str]:
    return {one["item"]: one["reason"] for one in data["open"]}


def nothing_made(session: Session) -> bool:
    there = names_in(session.environments) if session.environments.exists() else []
    return there == [] and not (session.workspace / "comfydock_cache/bundles").exists()


# ComfyUI-Manager


def test_a_snapshot_becomes_an_environment_at_its_commits_and_versions(
    away: Away, session: Session, tmp_path: Path
) -> None:
    code, data = told(session, write(tmp_path / "s.json", snapshot(away, pips={"mini-blend==1.0": ""})))
    assert (code, data["complete"], data["missing_packs"], data["commit"]) == (0, True, [], away.comfyui), data
    packs = session.environments / "copy/ComfyUI/custom_nodes"
    assert git(packs / "Fancy", "rev-parse", "HEAD").strip() == away.older
    assert (packs / "Quiet.disabled/__init__.py").exists()
    assert (packs / "blur/requirements.txt").exists()
    listed = {one["id"]: one for one in session.data("node", "list", "-e", "copy")["packs"]}
    assert listed["Quiet"]["enabled"] is False
    assert session.data("status", "-e", "copy")["in_sync"]
    assert 'name = "mini-blend"\nversion = "1.0"' in (session.environments / "copy/.cec/uv.lock").read_text()
