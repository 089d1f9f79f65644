"""What has newer versions, by the real git, the real uv and a registry on loopback."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from comfydock_core.core.environment import Environment
from comfydock_core.core.workspace import Workspace
from comfydock_core.factories.workspace_factory import open_workspace
from comfydock_core.models.operation import Initiator
from comfydock_core.models.packages.outdated import Outdated
from comfydock_core.models.packages.python_packages import PackageRequest
from comfydock_core.models.packs.pack_changes import PackRequest
from comfydock_core.utils.reporting import SilentReporter
from tests.support.git_server import git_serving
from tests.support.miniature import Miniature, git
from tests.support.pack_host import PackHost, pack_files
from tests.support.taking_back import content
from tests.support.wheels import add_to_index, write_index

INITIATOR = Initiator(("outdated",))
SILENT = SilentReporter()


def look(workspace: Workspace) -> Outdated:
    """What is outdated, after seeing that looking changed nothing."""
    before = content(workspace)
    found = workspace.definitions.outdated("demo", SILENT)
    assert content(workspace) == before
    return found


def add_packs(workspace: Workspace, *words: str) -> None:
    workspace.packs.change(workspace.packs.plan("demo", PackRequest("add", words), SILENT), INITIATOR, SILENT)


def change_packages(workspace: Workspace, action: str, *words: str) -> None:
    plan = workspace.packages.plan("demo", PackageRequest(action, words), SILENT)
    workspace.packages.change(plan, INITIATOR, SILENT)


def subjects(commits: tuple[str, ...]) -> list[str]:
    return [line.split(" ", 1)[1] for line in commits]


def test_what_is_up_to_date_is_not_told(workspace: Workspace, demo: Environment) -> None:
    found = look(workspace)
    assert (found.comfyui, found.packs, dict(found.release), found.failures) == (None, (), {}, ())
    assert (found.packages.added, found.packages.removed, found.packages.changed) == ((), (), ())
    assert found.looked_up == 3


def test_a_newer_release_of_comfyui_is_told_with_the_commits_between(
    workspace: Workspace, make_environment: Callable[..., Environment], miniature: Miniature
) -> None:
    make_environment(comfyui="v0.2.0")
    newer = look(workspace).comfyui
    assert newer is not None
    assert (newer.version, newer.latest) == ("v0.2.0", "v0.10.0")
    assert newer.latest_commit == miniature.commits["v0.10.0"]
    assert subjects(newer.commits) == ["ComfyUI v0.10.0"]


def test_a_branch_is_held_against_its_head(
    workspace: Workspace, make_environment: Callable[..., Environment], miniature: Miniature, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    own = tmp_path / "ComfyUI"
    git(tmp_path, "clone", "--quiet", str(miniature.repository), str(own))
    monkeypatch.setenv("COMFYDOCK_COMFYUI_REPOSITORY", str(own))
    make_environment(comfyui="main", repository=str(own))
    assert look(workspace).comfyui is None
    (own / "more.py").write_text("")
    git(own, "add", ".")
    git(own, "-c", "user.name=A", "-c", "user.email=a@b.invalid", "commit", "--quiet", "-m", "More of it")
    newer = look(workspace).comfyui
    assert newer is not None
    assert (newer.version, newer.latest, subjects(newer.commits)) == ("main", "main", ["More of it"])


def test_a_chosen_commit_is_told_only_when_a_release_is_ahead_of_it(
    workspace: Workspace, make_environment: Callable[..., Environment], miniature: Miniature
) -> None:
    make_environment(comfyui=miniature.commits["main"][:12])
    assert look(workspace).comfyui is None


def test_packs_are_told_with_the_versions_or_the_commits_between(
    workspace: Workspace, demo: Environment, host: PackHost
) -> None:
    host.add("fancy", "1.9.0")
    host.add("steady", "1.0.0")
    host.add_repository("alice", "Git-Pack")
    add_packs(workspace, "fancy", "steady", "https://github.com/alice/Git-Pack")
    Path(demo.layout.custom_nodes, "Mine").mkdir()
    workspace.packs.change(
        workspace.packs.plan("demo", PackRequest("add", ("Mine",), development=True), SILENT), INITIATOR, SILENT
    )
    host.add("fancy", "1.10.0")
    host.add("fancy", "2.0.0", files=pack_files(requirements="mini-masks"))
    head = host.add_repository("alice", "Git-Pack", {"more.py": ""})
    found = look(workspace)
    fancy, from_git = found.packs
    assert (fancy.version, fancy.latest, fancy.versions) == ("1.9.0", "2.0.0", ("2.0.0", "1.10.0"))
    assert (from_git.latest, subjects(from_git.commits)) == (head, ["Change Git-Pack"])
    assert found.looked_up == 6


def test_a_pack_that_cannot_be_looked_up_keeps_nothing_else_from_being_told(
    workspace: Workspace, demo: Environment, host: PackHost
) -> None:
    for name in ("one", "two", "three"):
        host.add(name, "1.0.0")
    add_packs(workspace, "one", "two", "three")
    host.add("three", "2.0.0")
    del host.nodes["two"]
    found = look(workspace)
    assert [one.identifier for one in found.packs] == ["three"]
    assert [(one.subject, one.code) for one in found.failures] == [("two", "pack-not-found")]


def test_python_packages_are_told_as_an_upgrade_would_change_them(workspace: Workspace, demo: Environment) -> None:
    change_packages(workspace, "constrain", "mini-masks<2")
    change_packages(workspace, "add", "mini-masks>=1")
    change_packages(workspace, "unconstrain", "mini-masks")
    assert look(workspace).packages.changed == (("mini-masks", "1.0", "2.0"),)


def test_a_newer_release_of_pytorch_is_told_apart(
    workspace: Workspace, demo: Environment, miniature: Miniature, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for source, name in ((miniature.index, "index"), (miniature.pytorch / "cpu", "pytorch/cpu")):
        place = tmp_path / name
        shutil.copytree(source, place)
        add_to_index(place, "torch", "2.10.0" if name == "index" else "2.10.0+cpu")
        write_index(place)
    monkeypatch.setenv("UV_DEFAULT_INDEX", (tmp_path / "index").as_uri())
    monkeypatch.setenv("COMFYDOCK_PYTORCH_INDEX_URL", (tmp_path / "pytorch").as_uri())
    found = look(workspace)
    assert found.release == {"torch": ("2.9.1", "2.10.0")}
    assert "torch" not in {name for name, *_ in found.packages.changed}


def test_without_a_network_everything_that_needs_it_is_told_and_nothing_else_fails(
    workspace: Workspace, demo: Environment, host: PackHost, miniature: Miniature, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.add("fancy")
    host.add_repository("alice", "Git-Pack")
    add_packs(workspace, "fancy", "https://github.com/alice/Git-Pack")
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("COMFYDOCK_PYTORCH_INDEX_URL", "http://127.0.0.1:9")
    manifest, elsewhere = Path(demo.layout.manifest), "http://127.0.0.1:9/ComfyUI"
    manifest.write_text(manifest.read_text().replace(str(miniature.repository), elsewhere))
    monkeypatch.setenv("COMFYDOCK_REGISTRY_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "url.http://127.0.0.1:9/.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "https://github.com/")
    found = look(workspace)
    told = {one.subject for one in found.failures}
    assert {"comfyui", "packages", "pytorch", "Git-Pack"} <= told
    assert found.looked_up <= 1  # The registry's answers are kept.


def test_offline_what_is_cached_answers(
    workspace: Workspace, make_environment: Callable[..., Environment], miniature: Miniature, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    with git_serving(miniature.repository.parent) as server:
        address = server.address("ComfyUI")
        monkeypatch.setenv("COMFYDOCK_COMFYUI_REPOSITORY", address)
        make_environment(comfyui="v0.2.0")
    offline = open_workspace(workspace.layout, offline=True)
    newer = look(offline).comfyui
    assert newer is not None
    assert (newer.latest, subjects(newer.commits)) == ("v0.10.0", ["ComfyUI v0.10.0"])
