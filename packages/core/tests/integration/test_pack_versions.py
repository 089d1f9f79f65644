"""Node packs that lie there in another version than the manifest's: told, and brought to it."""

import os
import shutil
from pathlib import Path

import pytest

from comfydock_core.core.environment import Environment
from comfydock_core.core.workspace import Workspace
from comfydock_core.models.operation import Initiator
from comfydock_core.models.packages.syncing import SyncPlan, SyncRequest
from comfydock_core.models.packs.pack_changes import PackOptions, PackRequest
from comfydock_core.repositories.pack_release import NOTE
from comfydock_core.utils.reporting import SilentReporter
from tests.support.miniature import commit, git
from tests.support.pack_host import PackHost, pack_files
from tests.support.taking_back import content, undo

INITIATOR = Initiator(("sync",))
SILENT = SilentReporter()


@pytest.fixture
def demo(local: object, host: PackHost, make_environment: object) -> Environment:
    return make_environment()  # type: ignore[operator, no-any-return]


def change(workspace: Workspace, action: str, word: str, *, force: bool = False, development: bool = False) -> None:
    request = PackRequest(action, (word,), PackOptions(force=force), development=development)
    workspace.packs.change(workspace.packs.plan("demo", request, SILENT), INITIATOR, SILENT)


def sync(workspace: Workspace) -> SyncPlan:
    plan = workspace.definitions.plan_sync("demo", SyncRequest())
    if not plan.nothing_to_do:
        workspace.definitions.sync(plan, INITIATOR, SILENT)
    return plan


def told(environment: Environment) -> list[tuple[str, str, str]]:
    """What `status` tells, after seeing that the list of packs tells the same."""
    changed = [(one.name, one.expected, one.found) for one in environment.status().packs.changed]
    listed = [one for one in environment.packs() if one.found is not None]
    assert [(one.pack.release.name, one.pack.release.version, one.found) for one in listed] == changed
    return changed


def older_definition(workspace: Workspace, demo: Environment, host: PackHost) -> Path:
    """`fancy` at 2.0.0 with the definition from before its update; its directory."""
    host.add("fancy", "1.0.0", files={**pack_files(requirements="mini-masks<2\n"), "old.py": ""})
    change(workspace, "add", "fancy")
    shutil.copytree(demo.layout.definition, f"{demo.layout.definition}-before")
    host.add("fancy", "2.0.0", files={**pack_files(requirements="mini-masks\n"), "new.py": ""})
    change(workspace, "update", "fancy")
    for name in ("pyproject.toml", "uv.lock"):
        shutil.copy(f"{demo.layout.definition}-before/{name}", f"{demo.layout.definition}/{name}")
    return Path(demo.layout.custom_nodes, "fancy")


def test_a_pack_of_the_registry_goes_back_to_the_version_of_an_older_definition(
    workspace: Workspace, demo: Environment, host: PackHost
) -> None:
    place = older_definition(workspace, demo, host)
    assert told(demo) == [("fancy", "1.0.0", "2.0.0")]
    assert demo.status().in_sync is False
    plan = sync(workspace)
    assert [(one.pack.identifier, one.found) for one in plan.packs] == [("fancy", "2.0.0")]
    assert (place / "old.py").exists()
    assert not (place / "new.py").exists()
    assert (told(demo), demo.status().in_sync) == ([], True)
    undo(workspace)
    assert (place / "new.py").exists()
    assert told(demo) == [("fancy", "1.0.0", "2.0.0")]


def test_files_that_did_not_come_with_it_stay_with_a_pack_that_goes_back(
    workspace: Workspace, demo: Environment, host: PackHost
) -> None:
    place = older_definition(workspace, demo, host)
    (place / "large.pth").write_bytes(b"weights")
    number = (place / "large.pth").stat().st_ino
    sync(workspace)
    assert (place / "large.pth").stat().st_ino == number
    assert not (place / "new.py").exists()


def test_a_checkout_that_was_moved_by_hand_goes_back_to_the_pinned_commit(
    workspace: Workspace, demo: Environment, host: PackHost
) -> None:
    first = host.add_repository("alice", "Fancy")
    second = host.add_repository("alice", "Fancy", {"more.py": ""})
    change(workspace, "add", f"https://github.com/alice/Fancy@{first}")
    place = Path(demo.layout.custom_nodes, "Fancy")
    git(place, "fetch", "--quiet", str(host.repository("alice", "Fancy")), "main:refs/remotes/origin/main")
    git(place, "checkout", "--quiet", second)
    assert told(demo) == [("Fancy", first, second)]
    sync(workspace)
    assert not (place / "more.py").exists()
    assert (told(demo), demo.status().in_sync) == ([], True)


def test_a_pack_that_somebody_worked_in_is_left_as_it_is_and_told(
    workspace: Workspace, demo: Environment, host: PackHost
) -> None:
    place = older_definition(workspace, demo, host)
    (place / "new.py").write_text("mine = True\n")
    sync(workspace)  # The packages.
    before = content(workspace)
    plan = sync(workspace)
    assert plan.nothing_to_do
    assert plan.held_back == ("fancy is at 2.0.0, and the manifest wants 1.0.0, but it has changed files: new.py",)
    assert content(workspace) == before


def test_a_commit_of_ones_own_is_left_as_it_is_and_told(
    workspace: Workspace, demo: Environment, host: PackHost
) -> None:
    host.add_repository("alice", "Fancy")
    change(workspace, "add", "https://github.com/alice/Fancy")
    place = Path(demo.layout.custom_nodes, "Fancy")
    (place / "mine.py").write_text("")
    commit(place, "Mine")
    (held,) = sync(workspace).held_back
    assert "which its remote does not have" in held
    assert (place / "mine.py").exists()


def test_development_packs_and_links_are_at_whatever_version_they_are(
    workspace: Workspace, demo: Environment, host: PackHost, tmp_path: Path
) -> None:
    host.add_repository("alice", "Fancy")
    change(workspace, "add", "https://github.com/alice/Fancy")
    place = Path(demo.layout.custom_nodes, "Fancy")
    git(
        place,
        "-c",
        "user.name=me",
        "-c",
        "user.email=me@example.com",
        "commit",
        "--quiet",
        "--allow-empty",
        "-m",
        "Mine",
    )
    assert len(told(demo)) == 1
    os.rename(place, tmp_path / "elsewhere")
    place.symlink_to(tmp_path / "elsewhere")
    assert told(demo) == []
    os.unlink(place)
    os.rename(tmp_path / "elsewhere", place)
    made = workspace.packs.plan(
        "demo", PackRequest("add", ("Fancy",), PackOptions(force=True), development=True), SILENT
    )
    workspace.packs.change(made, INITIATOR, SILENT)
    assert (told(demo), sync(workspace).nothing_to_do) == ([], True)


def test_a_pack_whose_version_nobody_knows_is_not_guessed_at(
    workspace: Workspace, demo: Environment, host: PackHost
) -> None:
    place = older_definition(workspace, demo, host)
    (place / NOTE).unlink()
    assert told(demo) == []
    assert sync(workspace).packs == ()


def test_a_pack_that_is_turned_off_is_brought_to_its_version_too(
    workspace: Workspace, demo: Environment, host: PackHost
) -> None:
    older_definition(workspace, demo, host)
    sync(workspace)
    change(workspace, "update", "fancy")
    change(workspace, "disable", "fancy")
    manifest = Path(demo.layout.manifest)
    manifest.write_text(manifest.read_text().replace('version = "2.0.0"', 'version = "1.0.0"'))
    place = Path(demo.layout.custom_nodes, "fancy.disabled")
    plan = workspace.definitions.plan_sync("demo", SyncRequest())
    assert [one.found for one in plan.packs] == ["2.0.0"]
    assert (place / "new.py").exists()


def test_the_copy_of_an_environment_knows_the_versions_of_its_packs(
    workspace: Workspace, demo: Environment, host: PackHost
) -> None:
    older_definition(workspace, demo, host)
    plan = workspace.environments.plan_cloning("demo", "second", activate=False)
    workspace.environments.clone(plan, INITIATOR, SILENT)
    assert told(workspace.open_environment("second")) == [("fancy", "1.0.0", "2.0.0")]
