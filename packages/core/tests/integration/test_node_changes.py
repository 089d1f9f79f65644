"""Node packs of a real environment: added, updated, turned off, removed, and everything taken back."""

import json
import os
from pathlib import Path

import pytest

from comfydock_core.core.environment import Environment
from comfydock_core.core.workspace import Workspace
from comfydock_core.models.exceptions import (
    ComfyDockError,
    DigestMismatch,
    InstallScriptFailed,
    InvalidSetting,
    LockOutdated,
    PackageChangeRefused,
    PackExists,
    PackHasChanges,
    PackNotFound,
    PackRefused,
    PacksConflict,
    RequirementsConflict,
    WorkflowsMissing,
)
from comfydock_core.models.operation import Initiator
from comfydock_core.models.packages.syncing import SyncRequest
from comfydock_core.models.packs.pack_changes import PackOptions, PackPlan, PackRequest
from comfydock_core.utils.reporting import SilentReporter
from tests.support.miniature import git
from tests.support.pack_host import BANNED, PackHost, pack_files
from tests.support.reporters import RecordingReporter
from tests.support.taking_back import content, refused_change, undo

INITIATOR = Initiator(("node",))
SILENT = SilentReporter()


@pytest.fixture
def demo(local: object, host: PackHost, make_environment: object) -> Environment:
    return make_environment()  # type: ignore[operator, no-any-return]


def plan(workspace: Workspace, action: str, *words: str, **more: object) -> PackPlan:
    options = {key: more.pop(key) for key in tuple(more) if key in PackOptions.__slots__}
    request = PackRequest(action, words, PackOptions(**options), **more)  # type: ignore[arg-type]
    return workspace.packs.plan("demo", request, RecordingReporter())


def change(workspace: Workspace, action: str, *words: str, **more: object) -> PackPlan:
    made = plan(workspace, action, *words, **more)
    workspace.packs.change(made, INITIATOR, RecordingReporter())
    return made


def refused(workspace: Workspace, action: str, *words: str, **more: object) -> ComfyDockError:
    """The error of what is refused, after seeing that nothing of the environment changed."""
    return refused_change(workspace, lambda: change(workspace, action, *words, **more))


def versions(environment: Environment) -> dict[str, str]:
    return {one.pack.identifier: one.pack.release.version for one in environment.packs()}


def nodes(environment: Environment) -> list[str]:
    """The directories among the custom nodes."""
    place = Path(environment.layout.custom_nodes)
    return sorted(path.name for path in place.iterdir() if path.is_dir() and path.name != "__pycache__")


# Adding


def test_a_pack_of_the_registry_arrives_with_its_packages_and_goes_again_by_undo(
    workspace: Workspace, demo: Environment, host: PackHost
) -> None:
    host.add_with_requirements("fancy", "mini-masks\n")
    before = content(workspace)
    made = change(workspace, "add", "fancy")
    assert [one.action for one in made.changes] == ["add"]
    assert made.redefinition.packages.added == ("mini-masks 2.0",)
    assert os.path.isfile(f"{demo.layout.custom_nodes}/fancy/__init__.py")
    (listed,) = demo.packs()
    assert (listed.pack.release.source, listed.state) == ("registry", "present")
    assert len(listed.pack.release.sha256 or "") == 64
    status = demo.status()
    assert (status.packages.state, status.packs.present) == ("in-sync", ["fancy"])
    undo(workspace)
    assert content(workspace) == before


def test_what_the_plan_says_is_what_is_done_and_planning_changes_nothing(
    workspace: Workspace, demo: Environment, host: PackHost
) -> None:
    host.add_with_requirements("fancy", "mini-masks\n")
    before = content(workspace)
    first = plan(workspace, "add", "fancy")
    assert content(workspace) == before
    second = plan(workspace, "add", "fancy")
    assert first.change.steps == second.change.steps
    assert first.change.fingerprint == second.change.fingerprint
    workspace.packs.change(second, INITIATOR, SILENT)
    for path, planned in second.redefinition.files.items():
        assert Path(demo.layout.definition, path).read_bytes() == planned


def test_a_pack_without_requirements_leaves_lock_and_packages_alone(
    workspace: Workspace, demo: Environment, host: PackHost
) -> None:
    host.add("plain")
    made = change(workspace, "add", "plain")
    assert [step.path for step in made.change.steps] == [".cec/pyproject.toml", "ComfyUI/custom_nodes/plain"]  # type: ignore[union-attr]
    assert demo.status().packages.state == "in-sync"


def test_a_pack_from_git_comes_at_its_commit_and_remembers_its_branch(
    workspace: Workspace, demo: Environment, host: PackHost
) -> None:
    commit = host.add_repository("alice", "Fancy", pack_files(requirements="mini-masks<2"))
    change(workspace, "add", "https://github.com/alice/Fancy")
    (listed,) = demo.packs()
    release = listed.pack.release
    assert (release.version, release.branch, release.source) == (commit, "main", "git")
    assert git(Path(listed.path), "rev-parse", "HEAD").strip() == commit
    assert git(Path(listed.path), "remote", "get-url", "origin").strip() == "https://github.com/alice/Fancy"
    assert listed.pack.requirements == ("mini-masks<2",)


def test_several_packs_are_one_operation_and_come_all_or_none(
    workspace: Workspace, demo: Environment, host: PackHost
) -> None:
    host.add("one")
    host.add("two")
    error = refused(workspace, "add", "one", "nowhere", "two")
    assert isinstance(error, PackNotFound)
    change(workspace, "add", "one", "two")
    assert nodes(demo) == ["one", "two"]
    undo(workspace)
    assert nodes(demo) == []


def test_what_can_be_added_is_added_when_that_is_wanted_and_the_rest_is_told(
    workspace: Workspace, demo: Environment, host: PackHost
) -> None:
    host.add("one")
    host.add_with_requirements("greedy", "mini-base==1.5\n")
    host.add_with_requirements("impossible", "mini-base<1\n")
    made = change(workspace, "add", "one", "nowhere", "impossible", "greedy", keep_going=True)
    assert [failure.word for failure in made.failures] == ["nowhere", "impossible"]
    assert next(failure.code for failure in made.failures) == "pack-not-found"
    assert nodes(demo) == ["greedy", "one"]


class Heard:
    """Node packs as `NodeInstallCallbacks` hear of them."""

    def __init__(self) -> None:
        self.said: list[object] = []

    def on_node_start(self, pack: str, number: int, total: int) -> None:
        self.said.append((pack, number, total))

    def on_node_complete(self, pack: str, error: str | None) -> None:
        self.said.append((pack, error))


def test_callers_hear_of_each_pack_that_is_looked_up_and_of_what_failed(
    workspace: Workspace, demo: Environment, host: PackHost
) -> None:
    host.add("one")
    heard = Heard()
    request = PackRequest("add", ("one", "nowhere"), PackOptions(keep_going=True))
    made = workspace.packs.plan("demo", request, SILENT, callbacks=heard)
    failure = made.failures[0].message
    assert heard.said == [("one", 1, 2), ("one", None), ("nowhere", 2, 2), ("nowhere", failure)]
    workspace.packs.change(made, INITIATOR, SILENT)
    heard = Heard()
    workspace.packs.plan("demo", PackRequest("update"), SILENT, callbacks=heard)
    assert heard.said == [("one", 1, 1), ("one", None)]


def test_requirements_that_collide_with_the_lock_are_refused(
    workspace: Workspace, demo: Environment, host: PackHost
) -> None:
    host.add_with_requirements("impossible", "mini-base<1\n")
    error = refused(workspace, "add", "impossible")
    assert isinstance(error, RequirementsConflict)
    assert error.exit_code == 4
    assert isinstance(refused(workspace, "add", "impossible", test=False), RequirementsConflict)


def test_a_conflict_is_told_with_its_lines_and_what_was_tried_and_helps(
    workspace: Workspace, demo: Environment, host: PackHost
) -> None:
    host.add("older", "1.0.0", files=pack_files(requirements="# limits\nmini-masks<2\n"))
    change(workspace, "add", "older")
    host.add("newer", "1.0.0")
    host.add("newer", "2.0.0", files=pack_files(requirements="mini-math\nmini-masks>=2\n"))
    error = refused(workspace, "add", "newer")
    assert isinstance(error, PacksConflict)
    assert "older → requirements.txt:2 → mini-masks<2" in error.message
    assert "newer → requirements.txt:2 → mini-masks>=2" in error.message
    assert len(error.context["lines"]) == 2  # type: ignore[arg-type]
    assert "`comfydock node add newer@1.0.0`" in str(error.hint)
    told = error.message.partition("tried, and any one of these helps:")[2]
    for words in ("take version 1.0.0 of newer", "leave older out", "do not add newer"):
        assert f"\n  {words}" in told
    kinds = {(fix["kind"], fix["pack"]) for fix in error.context["fixes"]}  # type: ignore[attr-defined]
    assert {("version", "newer"), ("loosen", "older"), ("leave-out", "older"), ("leave-out", "newer")} <= kinds
    change(workspace, "add", "newer@1.0.0")


def test_a_conflict_with_what_comfyui_itself_asks_for_names_it(
    workspace: Workspace, demo: Environment, host: PackHost
) -> None:
    host.add_with_requirements("greedy", "mini-math>=3\n")
    error = refused(workspace, "add", "greedy")
    assert isinstance(error, PacksConflict)
    assert "ComfyUI → requirements.txt:" in error.message
    assert "greedy → requirements.txt:1 → mini-math>=3" in error.message


def test_the_only_change_that_does_not_fit_is_told_as_one_of_many_would_be(
    workspace: Workspace, demo: Environment, host: PackHost
) -> None:
    host.add_with_requirements("bold", "mini-masks==1.0.0\nmini-masks==2.0.0\n")
    made = plan(workspace, "add", "bold", keep_going=True)
    assert made.changes == ()
    assert [one.word for one in made.failures] == ["bold"]


def test_strictly_nothing_that_is_locked_may_change(workspace: Workspace, demo: Environment, host: PackHost) -> None:
    host.add_with_requirements("first", "mini-masks\n")
    host.add_with_requirements("second", "mini-blend\n")
    change(workspace, "add", "first")
    error = refused(workspace, "add", "second", strict=True)
    assert isinstance(error, PackageChangeRefused)
    assert "mini-masks 2.0 → 1.0" in error.message
    made = change(workspace, "add", "second")
    assert made.redefinition.packages.changed == (("mini-masks", "2.0", "1.0"),)


def test_pytorch_is_never_replaced_by_a_pack(workspace: Workspace, demo: Environment, host: PackHost) -> None:
    host.add_with_requirements("torchy", "torch @ https://example.com/torch-9-py3-none-any.whl\ntorch>=2\nmini-masks\n")
    before = demo.manifest()["tool"]["uv"]["constraint-dependencies"]  # type: ignore[index]
    made = change(workspace, "add", "torchy")
    assert any("example.com" in note for note in made.changes[0].notes)
    assert demo.manifest()["tool"]["uv"]["constraint-dependencies"] == before  # type: ignore[index]
    assert made.redefinition.packages.added == ("mini-masks 2.0",)


def test_a_pack_that_is_there_is_not_added_again(workspace: Workspace, demo: Environment, host: PackHost) -> None:
    host.add("fancy", "1.0.0")
    change(workspace, "add", "fancy")
    for word in ("fancy", "FANCY", "fancy@1.0.0"):
        error = refused(workspace, "add", word)
        assert isinstance(error, PackExists)
        assert "comfydock node update fancy" in str(error.hint)


def test_another_version_that_is_named_takes_the_place_of_the_first(
    workspace: Workspace, demo: Environment, host: PackHost
) -> None:
    host.add("fancy", "1.0.0", files=pack_files(requirements="mini-masks<2"))
    host.add("fancy", "2.0.0")
    change(workspace, "add", "fancy")
    assert versions(demo) == {"fancy": "2.0.0"}
    made = change(workspace, "add", "fancy@1.0.0")
    assert [one.action for one in made.changes] == ["replace"]
    assert versions(demo) == {"fancy": "1.0.0"}
    assert os.path.isfile(f"{demo.layout.custom_nodes}/fancy/requirements.txt")


def test_a_repository_of_another_owner_is_another_pack_whatever_its_name(
    workspace: Workspace, demo: Environment, host: PackHost
) -> None:
    for owner, name in (("alice", "comfyui-twin"), ("bob", "ComfyUI-Twin")):
        host.add_repository(owner, name, pack_files(owner))
    ours, theirs = (f"https://github.com/{one}" for one in ("alice/comfyui-twin", "bob/ComfyUI-Twin"))
    both = refused(workspace, "add", ours, theirs)
    assert isinstance(both, PackExists)
    change(workspace, "add", ours)
    for word in (theirs, f"{theirs}@main"):
        error = refused(workspace, "add", word)
        assert isinstance(error, PackExists)
        assert ours in error.message
        assert theirs in error.message
        assert "--name" in str(error.hint)
    change(workspace, "add", theirs, name="bobs-twin")
    assert nodes(demo) == ["bobs-twin", "comfyui-twin"]
    assert isinstance(refused(workspace, "add", theirs), PackExists)
    change(workspace, "add", f"{theirs}@main", name="comfyui-twin", force=True)
    assert nodes(demo) == ["bobs-twin", "comfyui-twin"]


@pytest.mark.parametrize("name", ["", "..", "a/b", ".git", "x.disabled", "two words"])
def test_a_pack_is_not_added_under_a_name_that_no_directory_should_have(
    workspace: Workspace, demo: Environment, host: PackHost, name: str
) -> None:
    host.add("fancy", "1.0.0")
    assert isinstance(refused(workspace, "add", "fancy", name=name), InvalidSetting)


def test_a_directory_in_the_way_is_left_alone_unless_forced_and_comes_back_by_undo(
    workspace: Workspace, demo: Environment, host: PackHost
) -> None:
    host.add("fancy")
    mine = Path(demo.layout.custom_nodes, "Fancy")
    mine.mkdir()
    (mine / "work.py").write_text("mine = True\n")
    error = refused(workspace, "add", "fancy")
    assert isinstance(error, PackExists)
    assert "comfydock node add Fancy --dev" in str(error.hint)
    (mine / "work.py").rename(mine / "other.py")
    mine.rename(mine.with_name("fancy"))
    change(workspace, "add", "fancy", force=True)
    assert not Path(demo.layout.custom_nodes, "fancy/other.py").exists()
    undo(workspace)
    assert Path(demo.layout.custom_nodes, "fancy/other.py").read_text() == "mine = True\n"


def test_banned_and_deprecated_versions_need_force(workspace: Workspace, demo: Environment, host: PackHost) -> None:
    host.add("bad", "1.0.0", status=BANNED)
    error = refused(workspace, "add", "bad@1.0.0")
    assert isinstance(error, PackRefused)
    made = change(workspace, "add", "bad@1.0.0", force=True)
    assert made.changes[0].notes != ()


@pytest.mark.parametrize("kind", ["escaping", "link_escaping", "truncated", "huge"])
def test_an_archive_that_cannot_be_trusted_changes_nothing(
    workspace: Workspace, demo: Environment, host: PackHost, kind: str
) -> None:
    getattr(host, f"add_{kind}")("evil")
    assert refused(workspace, "add", "evil").exit_code == 8
    assert list(Path(workspace.layout.root).rglob("escaped.py")) == []


def test_an_archive_that_vanishes_on_the_way_changes_nothing(
    workspace: Workspace, demo: Environment, host: PackHost
) -> None:
    host.add_vanishing("gone", -1)
    assert refused(workspace, "add", "gone").exit_code == 5


def test_an_archive_that_is_another_one_than_before_is_refused(
    workspace: Workspace, demo: Environment, host: PackHost, make_environment: object
) -> None:
    address = host.add("fancy")
    change(workspace, "add", "fancy")
    host.replace_archive(address, pack_files("Other"))
    for directory in (workspace.layout.packs, f"{demo.layout.custom_nodes}/fancy"):
        os.rename(directory, f"{workspace.layout.root}/{os.path.basename(directory)}-away")
    synced = workspace.definitions.plan_sync("demo", SyncRequest())
    with pytest.raises(DigestMismatch):
        workspace.definitions.sync(synced, INITIATOR, SILENT)


@pytest.mark.parametrize("line", ["not a requirement !!", "-r missing.txt", "name @", "mini-masks==", "a>=1,,<2"])
def test_requirements_that_are_broken_change_nothing(
    workspace: Workspace, demo: Environment, host: PackHost, line: str
) -> None:
    host.add_with_requirements("broken", f"mini-masks\n{line}\n")
    error = refused(workspace, "add", "broken")
    assert "requirements.txt" in error.message
    assert error.exit_code in (2, 4, 8)


def test_a_line_that_no_installer_accepts_does_not_keep_a_pack_out_for_good(
    workspace: Workspace, demo: Environment, host: PackHost
) -> None:
    host.add_with_requirements("broken", "mini-masks\npip install other\n")
    assert "`--force`" in str(refused(workspace, "add", "broken").hint)
    [made] = change(workspace, "add", "broken", force=True).changes
    assert made.after is not None
    assert made.after.requirements == ("mini-masks",)
    assert any("pip install other" in note and "left out" in note for note in made.notes)


def test_a_manifest_that_was_changed_by_hand_is_to_be_locked_first(
    workspace: Workspace, demo: Environment, host: PackHost
) -> None:
    host.add("plain")
    manifest = Path(demo.layout.manifest)
    manifest.write_text(manifest.read_text().replace("dependencies = [", 'dependencies = [\n    "mini-masks",'))
    error = refused(workspace, "add", "plain")
    assert isinstance(error, LockOutdated)
    assert "comfydock sync --relock" in str(error.hint)


# Development packs


def test_a_directory_becomes_a_development_pack_where_it_lies(
    workspace: Workspace, demo: Environment, host: PackHost
) -> None:
    mine = Path(demo.layout.custom_nodes, "Mine")
    mine.mkdir()
    (mine / "requirements.txt").write_text("mini-masks\n")
    change(workspace, "add", "mine", development=True)
    assert versions(demo) == {"Mine": "dev"}
    assert demo.status().packages.state == "in-sync"
    (mine / "requirements.txt").write_text("mini-masks<2\nmini-blend\n")
    made = change(workspace, "update", "Mine")
    assert "mini-blend 1.0" in made.redefinition.packages.added
    change(workspace, "remove", "Mine")
    assert nodes(demo) == ["Mine.disabled"]
    assert (mine.with_name("Mine.disabled") / "requirements.txt").exists()
    undo(workspace)
    assert nodes(demo) == ["Mine"]


def test_a_folder_elsewhere_is_copied_as_a_development_pack(
    workspace: Workspace, demo: Environment, host: PackHost, tmp_path: Path
) -> None:
    folder = tmp_path / "My Nodes"
    folder.mkdir()
    (folder / "nodes.py").write_text("x = 1\n")
    change(workspace, "add", str(folder))
    assert versions(demo) == {"My Nodes": "dev"}
    assert Path(demo.layout.custom_nodes, "My Nodes/nodes.py").read_text() == "x = 1\n"
    assert (folder / "nodes.py").exists()


def test_a_checkout_is_linked_and_stays_where_it_is(
    workspace: Workspace, demo: Environment, host: PackHost, tmp_path: Path
) -> None:
    host.add("fancy")
    change(workspace, "add", "fancy")
    folder = tmp_path / "src" / "fancy"
    folder.mkdir(parents=True)
    (folder / "requirements.txt").write_text("mini-masks\n")
    change(workspace, "dev-link", path=str(folder))
    (listed,) = demo.packs()
    assert (listed.state, listed.pack.release.source, listed.pack.requirements) == (
        "linked",
        "development",
        ("mini-masks",),
    )
    assert os.path.realpath(listed.path) == str(folder)
    change(workspace, "remove", "fancy")
    assert (folder / "requirements.txt").exists()
    undo(workspace)
    undo(workspace)
    undo(workspace)


def test_a_link_to_nothing_is_refused(workspace: Workspace, demo: Environment, host: PackHost, tmp_path: Path) -> None:
    assert isinstance(refused(workspace, "dev-link", path=str(tmp_path / "nowhere")), InvalidSetting)


# Updating


def test_a_pack_of_the_registry_goes_to_its_newest_version(
    workspace: Workspace, demo: Environment, host: PackHost
) -> None:
    host.add("fancy", "1.9.0")
    change(workspace, "add", "fancy")
    assert plan(workspace, "update", "fancy").nothing_to_do
    host.add("fancy", "1.10.0", files=pack_files(requirements="mini-masks"))
    made = change(workspace, "update", "fancy")
    assert versions(demo) == {"fancy": "1.10.0"}
    assert made.redefinition.packages.added == ("mini-masks 2.0",)
    undo(workspace)
    assert versions(demo) == {"fancy": "1.9.0"}
    assert demo.status().packages.state == "in-sync"


def test_a_pack_from_git_follows_its_branch_and_shows_the_commits_between(
    workspace: Workspace, demo: Environment, host: PackHost
) -> None:
    host.add_repository("alice", "Fancy")
    git(host.repository("alice", "Fancy"), "switch", "--quiet", "-c", "next")
    host.add_repository("alice", "Fancy", {"next.py": "x = 1\n"})
    change(workspace, "add", "https://github.com/alice/Fancy@next")
    newest = host.add_repository("alice", "Fancy", {"install.py": "import os\nos.system('pip install x')\n"})
    git(host.repository("alice", "Fancy"), "switch", "--quiet", "main")
    host.add_repository("alice", "Fancy", {"main.py": "x = 2\n"})
    made = change(workspace, "update", "Fancy")
    assert versions(demo) == {"Fancy": newest}
    assert [line.split(" ", 1)[1] for line in made.changes[0].commits] == ["Change Fancy"]
    assert {finding.file for finding in made.changes[0].findings} == {"install.py"}
    assert not Path(demo.layout.custom_nodes, "Fancy/main.py").exists()


def test_a_pack_follows_the_default_branch_that_was_renamed(
    workspace: Workspace, demo: Environment, host: PackHost
) -> None:
    host.add_repository("alice", "fancy", pack_files("one"))
    change(workspace, "add", "https://github.com/alice/fancy")
    place = host.repository("alice", "fancy")
    git(place, "branch", "--move", "main", "master")
    newest = host.add_repository("alice", "fancy", pack_files("two"))
    [made] = change(workspace, "update", "fancy").changes
    assert made.after is not None
    assert (made.after.release.version, made.after.release.branch) == (newest, "master")


def test_local_changes_are_not_lost_by_an_update_or_a_removal(
    workspace: Workspace, demo: Environment, host: PackHost
) -> None:
    host.add_repository("alice", "Fancy")
    change(workspace, "add", "https://github.com/alice/Fancy")
    host.add_repository("alice", "Fancy", {"more.py": ""})
    Path(demo.layout.custom_nodes, "Fancy/__init__.py").write_text("# mine\n")
    for action in ("update", "remove"):
        error = refused(workspace, action, "Fancy")
        assert isinstance(error, PackHasChanges)
        assert "__init__.py" in error.message
    change(workspace, "update", "Fancy", force=True)
    undo(workspace)
    assert Path(demo.layout.custom_nodes, "Fancy/__init__.py").read_text() == "# mine\n"


def put_own_files(environment: Environment, pack: str) -> Path:
    """What packs and people leave in a pack's directory."""
    place = Path(environment.layout.custom_nodes, pack)
    (place / "models").mkdir()
    (place / "models/large.pth").write_bytes(b"weights")
    (place / "settings.json").write_text("{}")
    (place / "__pycache__").mkdir(exist_ok=True)
    (place / "__pycache__/x.cpython-311.pyc").write_bytes(b"compiled")
    return place


def test_what_lies_in_the_directory_of_a_pack_from_git_comes_along_to_the_next_version(
    workspace: Workspace, demo: Environment, host: PackHost
) -> None:
    host.add_repository("alice", "Fancy", {**pack_files(), ".gitignore": "models/\n"})
    change(workspace, "add", "https://github.com/alice/Fancy")
    place = put_own_files(demo, "Fancy")
    number = (place / "models/large.pth").stat().st_ino
    host.add_repository("alice", "Fancy", {"more.py": ""})
    change(workspace, "update", "Fancy")
    assert (place / "more.py").exists()
    assert (place / "models/large.pth").stat().st_ino == number
    assert (place / "settings.json").exists()
    assert not (place / "__pycache__").exists()
    undo(workspace)
    assert (place / "models/large.pth").read_bytes() == b"weights"


@pytest.mark.parametrize("cached", [True, False])
def test_what_lies_in_the_directory_of_a_pack_of_the_registry_comes_along_too(
    workspace: Workspace, demo: Environment, host: PackHost, cached: bool
) -> None:
    host.add("fancy", "1.0.0", files={**pack_files(), "old.py": ""})
    change(workspace, "add", "fancy")
    place = put_own_files(demo, "fancy")
    host.add("fancy", "2.0.0", files={**pack_files(), "settings.json": '{"new": true}'})
    if not cached:
        os.rename(workspace.layout.packs, f"{workspace.layout.packs}-away")
    reporter = RecordingReporter()
    workspace.packs.change(plan(workspace, "update", "fancy"), INITIATOR, reporter)
    assert [text for text in reporter.warnings if "`settings.json` is replaced" in text]
    assert (place / "models/large.pth").read_bytes() == b"weights"
    assert (place / "settings.json").read_text() == '{"new": true}'
    assert (place / "old.py").exists() != cached  # Nobody knows whose it is once the old version is gone.


def test_changed_files_of_a_pack_of_the_registry_are_not_lost(
    workspace: Workspace, demo: Environment, host: PackHost
) -> None:
    host.add("fancy", "1.0.0")
    change(workspace, "add", "fancy")
    Path(demo.layout.custom_nodes, "fancy/README.md").write_text("mine")
    host.add("fancy", "2.0.0")
    for action in ("update", "remove"):
        error = refused(workspace, action, "fancy")
        assert isinstance(error, PackHasChanges)
        assert "README.md" in error.message
    change(workspace, "update", "fancy", force=True)
    assert versions(demo) == {"fancy": "2.0.0"}


def test_a_removal_tells_of_files_that_did_not_come_with_the_pack(
    workspace: Workspace, demo: Environment, host: PackHost
) -> None:
    host.add("fancy")
    change(workspace, "add", "fancy")
    place = put_own_files(demo, "fancy")
    made = change(workspace, "remove", "fancy")
    assert made.changes[0].notes == ("2 files in its directory did not come with it and are removed, too",)
    undo(workspace)
    assert (place / "models/large.pth").exists()


def test_all_packs_are_updated_at_once_and_those_that_cannot_be_looked_up_are_told(
    workspace: Workspace, demo: Environment, host: PackHost
) -> None:
    for name in ("one", "two", "three"):
        host.add(name, "1.0.0")
    change(workspace, "add", "one", "two", "three")
    host.add("one", "2.0.0")
    host.add("three", "2.0.0")
    del host.nodes["two"]
    made = change(workspace, "update")
    assert [failure.word for failure in made.failures] == ["two"]
    assert versions(demo) == {"one": "2.0.0", "two": "1.0.0", "three": "2.0.0"}


# Turning off, removing


def test_an_update_of_all_passes_over_what_is_excluded(workspace: Workspace, demo: Environment, host: PackHost) -> None:
    for name in ("fancy", "kept"):
        host.add(name, "1.0.0")
    change(workspace, "add", "fancy", "kept")
    for name in ("fancy", "kept"):
        host.add(name, "2.0.0")
    assert isinstance(refused(workspace, "update", excluded=("nobody",)), PackNotFound)
    change(workspace, "update", excluded=("kept",))
    assert versions(demo) == {"fancy": "2.0.0", "kept": "1.0.0"}


def test_a_pack_is_turned_off_and_on_and_keeps_its_packages(
    workspace: Workspace, demo: Environment, host: PackHost
) -> None:
    host.add_with_requirements("fancy", "mini-masks\n")
    change(workspace, "add", "fancy")
    change(workspace, "disable", "fancy")
    assert nodes(demo) == ["fancy.disabled"]
    assert [one.state for one in demo.packs()] == ["disabled"]
    status = demo.status()
    assert (status.packs.missing, status.packs.untracked, status.packages.state) == ([], [], "in-sync")
    assert plan(workspace, "disable", "fancy").nothing_to_do
    change(workspace, "enable", "FANCY")
    assert nodes(demo) == ["fancy"]


def test_a_removed_pack_takes_its_packages_with_it_and_comes_back_by_undo(
    workspace: Workspace, demo: Environment, host: PackHost
) -> None:
    before = demo.manifest()
    host.add_with_requirements("fancy", "mini-masks\n")
    change(workspace, "add", "fancy")
    with_pack = content(workspace)
    made = change(workspace, "remove", "fancy")
    assert made.redefinition.packages.removed == ("mini-masks 2.0",)
    assert (nodes(demo), demo.manifest()) == ([], before)
    undo(workspace)
    assert content(workspace) == with_pack


def test_an_untracked_pack_leaves_its_directory(workspace: Workspace, demo: Environment, host: PackHost) -> None:
    host.add("fancy")
    change(workspace, "add", "fancy")
    change(workspace, "remove", "fancy", untrack=True)
    assert (nodes(demo), versions(demo)) == (["fancy"], {})


def test_an_unknown_pack_is_named_with_the_nearest(workspace: Workspace, demo: Environment, host: PackHost) -> None:
    host.add("fancy")
    change(workspace, "add", "fancy")
    for action in ("remove", "update", "enable", "disable"):
        error = refused(workspace, action, "fency")
        assert isinstance(error, PackNotFound)
        assert "`fancy`" in str(error.hint)


def use(environment: Environment, *types: str, name: str = "flow") -> None:
    """Save a workflow that uses some node types."""
    place = Path(environment.layout.comfyui, "user/default/workflows")
    place.mkdir(parents=True, exist_ok=True)
    content = {"nodes": [{"id": number, "type": kind} for number, kind in enumerate(types)], "links": []}
    (place / f"{name}.json").write_text(json.dumps(content))


def test_only_what_certainly_no_workflow_needs_is_pruned(
    workspace: Workspace, demo: Environment, host: PackHost
) -> None:
    host.add("blur", files=pack_files("FancyBlur"))
    host.add("sharp", files=pack_files("FancySharp"))
    host.add("kept", files=pack_files("Kept"))
    host.add("unclear", files={"__init__.py": "NODE_CLASS_MAPPINGS = load()\n"})
    change(workspace, "add", "blur", "sharp", "kept", "unclear")
    Path(demo.layout.custom_nodes, "Mine").mkdir()
    change(workspace, "add", "Mine", development=True)
    use(demo, "FancyBlur", "KSampler", "Mystery")  # Nobody knows who has that one.
    made = change(workspace, "prune", "kept")
    assert [one.pack.identifier for one in made.changes] == ["sharp"]
    assert sorted(versions(demo)) == ["Mine", "blur", "kept", "unclear"]
    undo(workspace)
    assert "sharp" in versions(demo)


def test_without_any_workflow_nothing_is_pruned_unless_forced(
    workspace: Workspace, demo: Environment, host: PackHost
) -> None:
    host.add("blur", files=pack_files("FancyBlur"))
    change(workspace, "add", "blur")
    assert isinstance(refused(workspace, "prune"), WorkflowsMissing)
    change(workspace, "prune", force=True)
    assert versions(demo) == {}


def test_a_workflow_that_cannot_be_read_keeps_every_pack(
    workspace: Workspace, demo: Environment, host: PackHost
) -> None:
    host.add("blur", files=pack_files("FancyBlur"))
    change(workspace, "add", "blur")
    use(demo, "KSampler")
    Path(demo.layout.comfyui, "user/default/workflows/flow.json").write_text("{broken")
    assert plan(workspace, "prune").nothing_to_do


# Scripts and policy


def test_an_install_script_runs_only_when_asked_for_in_the_new_environment(
    workspace: Workspace, demo: Environment, host: PackHost
) -> None:
    script = (
        "import os, sys\n"
        "here = os.path.dirname(os.path.abspath(__file__))\n"
        "assert os.path.isfile(os.path.join(here, '..', '..', 'main.py'))\n"
        "open(os.path.join(here, 'ran.txt'), 'w').write(sys.prefix)\n"
    )
    host.add("scripted", files={**pack_files(), "install.py": script})
    made = change(workspace, "add", "scripted")
    ran = Path(demo.layout.custom_nodes, "scripted/ran.txt")
    assert any(finding.file == "install.py" for finding in made.changes[0].findings)
    assert not ran.exists()
    undo(workspace)
    change(workspace, "add", "scripted", run_install_script=True)
    assert ran.exists()


def test_an_install_script_that_fails_changes_nothing(workspace: Workspace, demo: Environment, host: PackHost) -> None:
    host.add("scripted", files={**pack_files(), "install.py": "raise SystemExit('it cannot be')\n"})
    error = refused(workspace, "add", "scripted", run_install_script=True)
    assert isinstance(error, InstallScriptFailed)
    assert "it cannot be" in error.message


def test_the_policy_of_a_workspace_can_refuse_what_code_does(
    workspace: Workspace, demo: Environment, host: PackHost
) -> None:
    host.add("evil", files={**pack_files(), "run.py": "import os\nos.system(input())\n"})
    workspace.settings().set_node_policy("refuse")
    error = refused(workspace, "add", "evil")
    assert isinstance(error, PackRefused)
    assert "run.py:2" in error.message
    change(workspace, "add", "evil", force=True)
