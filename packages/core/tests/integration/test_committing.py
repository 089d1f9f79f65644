"""Commits of an environment's definition, looked at with plain git afterwards."""

import itertools
import os
import subprocess
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from comfydock_core.configs.environment_layout import INDEX
from comfydock_core.core.environment import Environment
from comfydock_core.core.workspace import Workspace
from comfydock_core.integrations import git_options
from comfydock_core.models.committing import CommitOutcome, CommitPlan, CommitRequest
from comfydock_core.models.exceptions import (
    ChangedMeanwhile,
    ComfyDockError,
    ConflictError,
    FileSystemError,
    GitFailed,
    NotReproducible,
    NotUndoable,
    RepositoryBusy,
    RepositoryUnfit,
)
from comfydock_core.models.operation import Initiator, Swap
from comfydock_core.models.workflow.lock import LockedModel, WorkflowLock
from comfydock_core.models.workflow.lock_text import lock_text
from comfydock_core.services.transaction.steps import StepRunner
from comfydock_core.utils import faults
from comfydock_core.utils.reporting import SilentReporter
from tests.support import miniature
from tests.support.sessions import tree
from tests.support.taking_back import undo

SILENT = SilentReporter()
ME = Initiator(("commit",), "tests")
GRAPH = b'{"nodes": [], "links": []}'


def git(directory: Path, *words: str) -> str:
    identity = ["-c", "user.name=T", "-c", "user.email=t@example.invalid"] if "commit" in words else []
    return miniature.git(directory, *identity, *words).strip()


class Place:
    """One environment, with words for what tests do to it."""

    def __init__(self, workspace: Workspace, environment: Environment) -> None:
        self.workspace = workspace
        self.layout = environment.layout
        self.cec = Path(self.layout.definition)
        self.live = Path(self.layout.workflows)

    def save(self, name: str, content: bytes = GRAPH) -> Path:
        path = self.live / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def plan(self, message: str | None = None, *, strict: bool = False, rehearsal: bool = False) -> CommitPlan:
        request = CommitRequest(message, strict, rehearsal)
        return self.workspace.history.plan_commit(self.layout.name, request, SILENT)

    def carry_out(self, plan: CommitPlan) -> CommitOutcome:
        return self.workspace.history.commit(plan, ME, SILENT)

    def commit(self, message: str | None = None, *, strict: bool = False) -> CommitPlan:
        with self.workspace.exclusive(ME, SILENT, self.layout.name):
            plan = self.plan(message, strict=strict)
            if not plan.nothing_to_do:
                assert self.carry_out(plan).commit == plan.commit
        return plan

    def git(self, *words: str) -> str:
        return git(self.cec, *words)

    def head(self) -> str:
        return self.git("rev-parse", "HEAD")

    def committed(self, path: str) -> bytes:
        words = ["git", "-C", str(self.cec), "cat-file", "blob", f"HEAD:{path}"]
        return subprocess.run(words, check=True, capture_output=True).stdout

    def is_sound(self) -> None:
        """What plain git says of the repository."""
        assert self.git("status", "--porcelain") == ""
        assert self.git("fsck", "--strict", "--no-dangling") == ""

    def definition(self) -> dict[str, object]:
        """Everything in `.cec`, but objects, and what git writes anew whenever somebody looks."""
        found = tree(self.cec)
        return {path: one for path, one in found.items() if not path.startswith((".git/objects", ".git/index"))}


@pytest.fixture
def place(workspace: Workspace, demo: Environment) -> Place:
    return Place(workspace, demo)


def refused(place: Place, change: Callable[[], object], kind: type[ComfyDockError]) -> ComfyDockError:
    """The error of a commit that is refused, after seeing that neither files nor git's view of them changed."""
    before, staged = place.definition(), place.git("ls-files", "--stage")
    with pytest.raises(kind) as caught:
        change()
    assert place.definition() == before
    assert place.git("ls-files", "--stage") == staged
    return caught.value


# What a commit holds


def test_workflows_are_committed_byte_for_byte_with_their_folders(place: Place) -> None:
    content = b'{"nodes": [],\r\n "links": []}\r\n'
    place.save("sub/deeper/\u00fcber  x.json", content)
    plan = place.commit()
    assert place.committed("workflows/sub/deeper/\u00fcber  x.json") == content
    assert (place.cec / "workflows/sub/deeper/\u00fcber  x.json").read_bytes() == content
    assert place.head() == plan.commit
    place.is_sound()


def test_changed_files_of_the_definition_are_committed_and_ignored_ones_are_not(place: Place) -> None:
    (place.cec / "notes.md").write_text("mine")
    (place.cec / "x.tmp").write_text("no")
    place.commit()
    assert place.committed("notes.md") == b"mine"
    assert "x.tmp" not in place.git("ls-files")
    place.is_sound()


def test_workflows_that_are_gone_are_removed(place: Place) -> None:
    gone = place.save("sub/gone.json")
    place.save("stays.json")
    place.commit()
    gone.unlink()
    assert place.commit().changes.workflows.removed == ("sub/gone",)
    assert not (place.cec / "workflows/sub/gone.json").exists()
    assert place.git("ls-files", "workflows") == "workflows/stays.json"
    place.is_sound()


def test_without_a_folder_of_workflows_the_committed_ones_stay(place: Place) -> None:
    place.save("a.json")
    place.commit()
    for path in (place.live / "a.json", place.live):
        path.unlink() if path.is_file() else path.rmdir()
    assert place.commit().nothing_to_do
    assert place.git("ls-files", "workflows") == "workflows/a.json"


def test_what_is_no_workflow_is_committed_with_a_note(place: Place) -> None:
    place.save("broken.json", b"{oops")
    place.save("deep.json", b"[" * 100_000)
    plan = place.commit()
    assert [path for path, _ in plan.unreadable] == ["broken.json", "deep.json"]
    assert place.committed("workflows/broken.json") == b"{oops"
    place.is_sound()


def test_links_hidden_files_and_very_large_ones_are_left_out_by_name(place: Place) -> None:
    place.save("a.json")
    place.save(".index.json")
    (place.live / "link.json").symlink_to("a.json")
    os.truncate(place.save("large.json"), 33 * 1024 * 1024)
    os.mkfifo(place.live / "pipe.json")
    plan = place.commit()
    assert dict(plan.left_out) == {
        ".index.json": "hidden", "large.json": "larger than 33.6 MB", "link.json": "a link", "pipe.json": "no file",
    }  # fmt: skip
    assert place.git("ls-files", "workflows") == "workflows/a.json"


def test_a_workflow_in_a_folder_whose_name_is_ignored_is_committed(place: Place) -> None:
    place.save("logs/a.json")
    place.commit()
    assert place.git("ls-files", "workflows") == "workflows/logs/a.json"
    place.is_sound()


def test_hidden_files_among_the_committed_workflows_stay(place: Place) -> None:
    place.save("a.json")
    (place.cec / "workflows/sub").mkdir(parents=True)
    (place.cec / "workflows/sub/.gitkeep").write_text("")
    place.commit()
    assert place.git("ls-files", "workflows").split() == ["workflows/a.json", "workflows/sub/.gitkeep"]
    place.is_sound()


def test_a_workflow_in_place_of_a_folder_is_committed(place: Place) -> None:
    first = place.save("a.json/b.json")
    place.commit()
    first.unlink()
    first.parent.rmdir()
    place.save("a.json", b'{"nodes": [1]}')
    place.commit()
    assert place.git("ls-files", "workflows") == "workflows/a.json"
    place.is_sound()
    undo(place.workspace)
    assert place.git("ls-files", "workflows") == "workflows/a.json/b.json"
    place.is_sound()


@pytest.mark.parametrize("many", [3, 150])
def test_few_and_many_workflows_are_committed_and_taken_back(place: Place, many: int) -> None:
    place.save("first.json")
    place.commit()
    before = place.definition()
    for number in range(many):
        place.save(f"{number}.json", b'{"nodes": [%d]}' % number)
    place.commit()
    place.is_sound()
    assert len(place.git("ls-files", "workflows").splitlines()) == many + 1
    place.git("status")  # Which makes git write its index anew.
    undo(place.workspace)
    assert {path: one for path, one in place.definition().items() if "/logs/" not in path} == {
        path: one for path, one in before.items() if "/logs/" not in path
    }
    assert place.git("fsck", "--strict", "--no-dangling") == ""
    undo(place.workspace)
    place.is_sound()


def test_nothing_to_commit_makes_no_commit(place: Place) -> None:
    before = place.definition()
    plan = place.commit()
    assert (plan.nothing_to_do, plan.number) == (True, 1)
    assert place.definition() == before
    assert place.workspace.operations("demo", workspace=False).all() == []


def test_copies_do_not_share_their_files_with_the_live_workflows(place: Place) -> None:
    path = place.save("a.json")
    place.commit()
    with open(path, "r+b") as file:
        file.write(b"changed")
    assert (place.cec / "workflows/a.json").read_bytes() == GRAPH


def test_git_need_not_read_committed_workflows_again(place: Place) -> None:
    os.utime(place.save("a.json"), (1_000_000_000, 1_000_000_000))
    place.commit()
    stat = (place.cec / "workflows/a.json").stat()
    listed = place.git("ls-files", "--debug", "workflows/a.json")
    assert f"ino: {stat.st_ino & 0xFFFFFFFF}" in listed
    assert f"mtime: {stat.st_mtime_ns // 10**9}:" in listed


# Where it goes


def test_a_rehearsal_leaves_no_object_and_the_real_run_does_the_same(place: Place) -> None:
    place.save("a.json")
    before = tree(place.cec)
    rehearsed = place.plan(rehearsal=True)
    assert tree(place.cec) == before
    assert rehearsed.change.steps[0] == place.commit().change.steps[0]


def test_a_detached_head_moves_itself(place: Place) -> None:
    place.git("checkout", "-q", "--detach")
    main = place.git("rev-parse", "main")
    place.save("a.json")
    plan = place.commit()
    assert plan.branch is None
    assert (place.head(), place.git("rev-parse", "main")) == (plan.commit, main)
    place.is_sound()
    undo(place.workspace)
    assert place.head() == main


def test_the_first_commit_of_a_branch_is_made_and_taken_back(place: Place) -> None:
    place.git("checkout", "-q", "--orphan", "fresh")
    plan = place.commit("begin")
    assert (plan.parent, plan.number, plan.branch) == (None, 1, "fresh")
    assert place.git("rev-list", "--count", "HEAD") == "1"
    place.is_sound()
    undo(place.workspace)
    assert place.git("symbolic-ref", "HEAD") == "refs/heads/fresh"
    with pytest.raises(subprocess.CalledProcessError):
        place.head()


def test_packed_references_move_as_well(place: Place) -> None:
    place.git("pack-refs", "--all")
    place.save("a.json")
    assert place.commit().commit == place.head()
    place.is_sound()


@pytest.mark.parametrize("setting", [("index.version", "4"), ("core.untrackedCache", "true")])
def test_an_index_of_another_kind_is_understood(place: Place, setting: tuple[str, str]) -> None:
    place.git("config", *setting)
    (place.cec / "mine").write_text("mine")
    place.git("add", "mine")
    place.save("a.json")
    place.commit()
    place.is_sound()
    undo(place.workspace)
    assert place.git("diff", "--cached", "--name-only") == "mine"


def test_an_index_in_two_files_is_committed_from(place: Place) -> None:
    place.git("config", "core.splitIndex", "true")
    (place.cec / "mine").write_text("mine")
    place.git("add", "mine")
    place.save("a.json")
    place.commit()
    place.is_sound()
    assert place.committed("mine") == b"mine"


def test_a_repository_with_longer_names_is_committed_to(place: Place) -> None:
    os.rename(place.cec / ".git", place.cec.parent / "git of before")
    place.git("init", "-q", "-b", "main", "--object-format=sha256")
    place.git("add", "-A")
    place.git("commit", "-q", "-m", "begin")
    for number in range(120):
        place.save(f"{number}.json", b'{"nodes": [%d]}' % number)
    assert len(place.commit().commit or "") == 64
    place.is_sound()


# What it says


def test_what_changed_is_the_message_when_there_is_none(place: Place) -> None:
    place.save("portrait.json")
    assert place.commit().message == "add workflow portrait"
    place.save("portrait.json", b'{"nodes": [1]}')
    place.save("b.json")
    place.save("c.json")
    plan = place.commit()
    assert (plan.number, place.git("log", "-1", "--format=%B")) == (3, "add 2 workflows, update workflow portrait")


def test_a_message_of_many_lines_stays_as_it_is(place: Place) -> None:
    place.save("a.json")
    place.commit("# first\n\n  second \u2603\n")
    assert place.git("log", "-1", "--format=%B") == "# first\n\n  second \u2603"


@pytest.mark.parametrize("message", ["", " \n ", "a\0b"])
def test_a_message_that_is_none_is_refused(place: Place, message: str) -> None:
    place.save("a.json")
    refused(place, lambda: place.commit(message), ConflictError)


def test_packs_and_packages_are_counted(place: Place) -> None:
    manifest = place.cec / "pyproject.toml"
    text = manifest.read_text()
    entry = '\n[tool.comfydock.nodes.{0}]\nname = "{0}"\nsource = "git"\nversion = "1"\nrepository = "https://x/{0}"\n'
    manifest.write_text(text + entry.format("one") + entry.format("two"))
    plan = place.commit()
    assert (plan.changes.packs.added, plan.message) == (("one", "two"), "add 2 packs")


def test_a_manifest_that_cannot_be_read_is_not_committed(place: Place) -> None:
    (place.cec / "pyproject.toml").write_text("[oops")
    assert refused(place, place.commit, ComfyDockError).code == "manifest-damaged"


# Who and what acts


@pytest.fixture
def ran(tmp_path: Path) -> Path:
    """The file that a program makes when it runs, which none should."""
    return tmp_path / "ran"


@pytest.fixture
def users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own configuration of git."""
    path = tmp_path / "gitconfig"
    path.write_text("")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(path))
    monkeypatch.setattr(git_options, "_users_filters", None)  # As at the start of a program.
    return path


def test_hooks_filters_signing_and_habits_of_the_user_do_not_act(place: Place, users: Path, ran: Path) -> None:
    programs = users.parent / "programs"
    programs.mkdir()
    hooks = ["pre-commit", "commit-msg", "post-commit", "reference-transaction", "post-index-change", "gpg", "filter"]
    for name in hooks:
        (programs / name).write_text(f"#!/bin/sh\ntouch {ran}\nexit 1\n")
        (programs / name).chmod(0o755)
    (users.parent / "ignored").write_text("*.json\n.python-version\n*.md\n")
    (users.parent / "attributes").write_text("* filter=x text\n")
    users.write_text(
        f"[core]\n\thooksPath = {programs}\n\tautocrlf = true\n\texcludesFile = {users.parent}/ignored\n"
        f"\tattributesFile = {users.parent}/attributes\n[commit]\n\tgpgSign = true\n[gpg]\n\tprogram = {programs}/gpg\n"
        f'[filter "x"]\n\tclean = {programs}/filter\n\trequired = true\n'
    )
    (place.cec / ".gitattributes").write_text("*.md filter=x\n")
    (place.cec / "notes.md").write_bytes(b"one\r\n")
    place.save("a.json", b"{}\r\n")
    place.commit()
    assert (place.committed("notes.md"), place.committed("workflows/a.json")) == (b"one\r\n", b"{}\r\n")
    assert "gpgsig" not in place.git("cat-file", "commit", "HEAD")
    assert not ran.exists()


def test_the_name_that_git_knows_is_that_of_the_commit(place: Place, users: Path) -> None:
    place.git("config", "--unset", "user.name")
    place.git("config", "--unset", "user.email")
    users.write_text("[user]\n\tname = Ada\n\temail = ada@example.invalid\n")
    place.save("a.json")
    place.commit()
    assert place.git("log", "-1", "--format=%an <%ae> %cn") == "Ada <ada@example.invalid> Ada"


def test_without_any_name_a_commit_is_made_and_nothing_is_configured(
    place: Place, users: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.git("config", "--unset", "user.name")
    place.git("config", "--unset", "user.email")
    place.git("config", "user.useConfigOnly", "true")
    place.save("a.json")
    place.commit()
    assert place.git("log", "-1", "--format=%an%ae") != ""
    assert "user.name" not in place.git("config", "--local", "--list", "--name-only").split()


# Others at work


def test_a_commit_of_somebody_else_in_between_is_refused(place: Place) -> None:
    place.save("a.json")
    plan = place.plan()
    (place.cec / "theirs").write_text("theirs")
    place.git("add", "theirs")
    place.git("commit", "-q", "-m", "theirs")
    refused(place, lambda: place.carry_out(plan), ChangedMeanwhile)
    assert place.git("log", "-1", "--format=%s") == "theirs"


def test_what_somebody_adds_to_the_index_in_between_is_refused(place: Place) -> None:
    place.save("a.json")
    plan = place.plan()
    (place.cec / "theirs").write_text("theirs")
    place.git("add", "theirs")
    refused(place, lambda: place.carry_out(plan), ChangedMeanwhile)
    assert place.git("diff", "--cached", "--name-only") == "theirs"


def test_an_index_that_is_another_at_the_last_moment_is_left_alone(place: Place) -> None:
    (Path(place.layout.root) / ".ops/000001-x/new").mkdir(parents=True)
    (Path(place.layout.root) / ".ops/000001-x/new/0").write_bytes(b"ours")
    runner = StepRunner(place.layout.root, "000001-x")
    refused(place, lambda: runner.forward((Swap(INDEX, "index:another", True),)), ChangedMeanwhile)


def test_another_branch_in_between_is_refused(place: Place) -> None:
    place.save("a.json")
    plan = place.plan()
    place.git("switch", "-q", "-c", "other")
    refused(place, lambda: place.carry_out(plan), ChangedMeanwhile)


def test_a_workflow_saved_in_between_is_refused(place: Place) -> None:
    place.save("a.json")
    plan = place.plan()
    place.save("a.json", b"{}")
    refused(place, lambda: place.carry_out(plan), ChangedMeanwhile)


def test_git_that_only_looks_in_between_does_not_matter(place: Place) -> None:
    place.save("a.json")
    plan = place.plan()
    os.utime(place.cec / "pyproject.toml")
    place.git("status")
    place.carry_out(plan)
    place.is_sound()


def test_a_lock_of_another_git_is_refused_by_name(place: Place) -> None:
    lock = place.cec / ".git/index.lock"
    lock.write_text("")
    place.save("a.json")
    error = refused(place, place.commit, RepositoryBusy)
    assert str(lock) in error.message
    assert lock.exists()


def test_a_lock_of_another_git_is_waited_for(place: Place) -> None:
    lock = place.cec / ".git/index.lock"
    lock.write_text("")
    place.save("a.json")
    threading.Timer(0.2, lock.unlink).start()
    place.commit()
    place.is_sound()


def test_a_locked_branch_is_refused_by_name_and_nothing_stays_half_done(place: Place) -> None:
    lock = place.cec / ".git/refs/heads/main.lock"
    place.save("a.json")
    plan = place.plan()
    lock.write_text("")
    error = refused(place, lambda: place.carry_out(plan), GitFailed)
    assert "main.lock" in error.message
    lock.unlink()
    place.commit()
    place.is_sound()


@pytest.mark.parametrize("what", ["MERGE_HEAD", "CHERRY_PICK_HEAD", "rebase-merge"])
def test_what_git_has_not_finished_is_refused(place: Place, what: str) -> None:
    place.save("a.json")
    (place.cec / ".git" / what).write_text(place.head())
    refused(place, place.commit, RepositoryUnfit)


def test_without_a_repository_it_is_refused(place: Place) -> None:
    os.rename(place.cec / ".git", place.cec.parent / "elsewhere")
    with pytest.raises(RepositoryUnfit):
        place.commit()


def test_undo_is_refused_after_a_commit_of_somebody_else(place: Place) -> None:
    place.save("a.json")
    place.commit()
    (place.cec / "theirs").write_text("theirs")
    place.git("add", "theirs")
    place.git("commit", "-q", "-m", "theirs")
    refused(place, lambda: undo(place.workspace), NotUndoable)


def test_a_full_disk_at_any_point_leaves_the_commit_whole_or_unmade(place: Place) -> None:
    place.save("a.json")
    old, ended = place.head(), []
    for at in itertools.count(1):
        faults.arm(f"enospc:{at}")
        try:
            place.carry_out(place.plan())
            ended.append("new")
        except FileSystemError:
            assert (place.head(), place.git("ls-files", "workflows")) == (old, "")
            ended.append("old")
        passed = faults.passed()
        faults.arm("")
        if ended[-1] == "new":
            assert place.commit().nothing_to_do  # After settling what could not be recorded.
            place.is_sound()
            undo(place.workspace)
        if passed < at:
            break
    assert set(ended[:-1]) == {"old", "new"}


# What cannot be rebuilt elsewhere


def development_pack(place: Place, *, checkout: bool) -> Path:
    directory = Path(place.layout.custom_nodes) / "mine"
    directory.mkdir()
    (directory / "__init__.py").write_text("")
    manifest = place.cec / "pyproject.toml"
    entry = '\n[tool.comfydock.nodes.mine]\nname = "mine"\nsource = "development"\nversion = "dev"\n'
    manifest.write_text(manifest.read_text() + entry)
    if checkout:
        remote = directory.parent.parent.parent / "remote.git"
        git(directory.parent, "init", "-q", "--bare", str(remote))
        git(directory, "init", "-q", "-b", "main")
        git(directory, "add", "-A")
        git(directory, "commit", "-q", "-m", "one")
        git(directory, "remote", "add", "origin", str(remote))
        git(directory, "push", "-q", "-u", "origin", "main")
        git(directory, "remote", "set-url", "origin", "https://example.invalid/mine")
    return directory


def test_a_development_pack_without_a_repository_is_told_by_the_digest_of_its_tree(place: Place) -> None:
    directory = development_pack(place, checkout=False)
    first = place.commit()
    gap = first.gaps[0]
    assert (gap.kind, gap.name, gap.reason) == ("development-pack", "mine", "it is no git repository")
    said = place.git("log", "-1", "--format=%(trailers:key=Not-Reproducible,valueonly)").strip()
    assert said == f"development pack mine: it is no git repository ({gap.digest})"
    (directory / "__init__.py").write_text("changed = 1\n")
    place.save("a.json")
    assert place.commit().gaps[0].digest != gap.digest


@pytest.mark.parametrize("what", ["pushed", "unpushed", "changed", "new"])
def test_a_development_pack_lacks_what_was_not_pushed(place: Place, what: str) -> None:
    directory = development_pack(place, checkout=True)
    if what != "pushed":
        (directory / ("new.py" if what == "new" else "__init__.py")).write_text("changed = 1\n")
    if what == "unpushed":
        git(directory, "commit", "-q", "-a", "-m", "two")
    reasons = {
        "pushed": [],
        "unpushed": ["its commit is on no branch and no tag of its remote"],
        "changed": ["changed files: __init__.py"],
        "new": ["files that git does not know: new.py"],
    }
    assert [gap.reason for gap in place.commit().gaps] == reasons[what]


def test_changed_files_of_comfyui_are_refused_when_strict(place: Place) -> None:
    main = Path(place.layout.comfyui) / "main.py"
    main.write_text(f"{main.read_text()}# mine\n")
    place.save("a.json")
    error = refused(place, lambda: place.commit(strict=True), NotReproducible)
    assert "ComfyUI: changed files: main.py" in error.message
    assert [gap.name for gap in place.commit().gaps] == ["ComfyUI"]


def test_a_package_without_a_hash_and_one_of_this_machine_are_told(place: Place) -> None:
    lock = place.cec / "uv.lock"
    lock.write_text(
        lock.read_text() + '\n[[package]]\nname = "bare"\nversion = "1"\nsource = { registry = "https://x" }\n'
        'wheels = [\n    { url = "https://x/bare-1-py3-none-any.whl", size = 1 },\n]\n'
        '\n[[package]]\nname = "local"\nversion = "1"\nsource = { directory = "../tool" }\n'
    )
    assert [(gap.name, gap.reason) for gap in place.commit().gaps] == [
        ("bare", "it is locked without a hash"),
        ("local", "it is installed from `../tool` on this machine"),
    ]


# Models of locked workflows


def lock(place: Place, *models: LockedModel, name: str = "portrait") -> None:
    place.save(f"{name}.json")
    path = place.cec / "workflow-locks" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(lock_text(WorkflowLock(name, models=models)), encoding="utf-8")


MODEL = LockedModel("vae", "a.safetensors", 1500, "a" * 64, "b" * 64)


def test_a_locked_model_without_a_source_is_a_gap(place: Place) -> None:
    lock(place, MODEL)
    lock(place, MODEL, name="other")
    error = refused(place, lambda: place.commit(strict=True), NotReproducible)
    assert error.hint is not None
    assert "comfydock model add-source" in error.hint
    plan = place.commit()
    text = "model vae/a.safetensors: no source of it is known; locked for `other`, `portrait`"
    assert [gap.text for gap in plan.gaps] == [f"{text} ({'a' * 64})"]
    assert f"Not-Reproducible: {text}" in place.git("log", "-1", "--format=%B")


@pytest.mark.parametrize(
    ("model", "gaps"),
    [
        (replace(MODEL, sources=("https://example.com/a",)), 0),
        (replace(MODEL, sources=("/home/me/a.safetensors",)), 1),
        (replace(MODEL, optional=True), 0),
    ],
    ids=["source", "path of this machine", "optional"],
)
def test_what_has_a_source_elsewhere_or_can_be_left_out_is_no_gap(place: Place, model: LockedModel, gaps: int) -> None:
    lock(place, model)
    assert len(place.commit().gaps) == gaps


def test_a_source_in_the_manifest_counts(place: Place) -> None:
    manifest = place.cec / "pyproject.toml"
    noted = f'{{filename = "a", size = 1500, blake3 = "{"a" * 64}", sources = ["https://example.com/a"]}}'
    manifest.write_text(f"{manifest.read_text()}\n[tool.comfydock.models]\nabc = {noted}\n")
    lock(place, MODEL, replace(MODEL, name="c.safetensors", blake3="c" * 64, sha256=None))
    assert [gap.name for gap in place.commit().gaps] == ["vae/c.safetensors"]


def test_the_lock_of_a_workflow_that_is_gone_is_no_gap(place: Place) -> None:
    lock(place, MODEL)
    place.save("other.json")
    (place.live / "portrait.json").unlink()
    assert place.commit().gaps == ()


def test_a_lock_that_cannot_be_read_is_a_gap(place: Place) -> None:
    lock(place, MODEL)
    (place.cec / "workflow-locks/portrait.json").write_text("{")
    (gap,) = place.commit().gaps
    assert (gap.kind, gap.name, gap.reason.startswith("it is not JSON")) == ("workflow-lock", "portrait", True)


# Patches


def change_main(place: Place, text: str = "# mine\n") -> Path:
    main = Path(place.layout.comfyui) / "main.py"
    main.write_text(f"{main.read_text()}{text}")
    return main


def commit_with_patches(place: Place, *, strict: bool = False) -> CommitPlan:
    request = CommitRequest(None, strict, with_patches=True)
    with place.workspace.exclusive(ME, SILENT, place.layout.name):
        plan = place.workspace.history.plan_commit(place.layout.name, request, SILENT)
        if not plan.nothing_to_do:
            place.carry_out(plan)
    return plan


def test_a_patch_is_against_the_pinned_commit(place: Place) -> None:
    """Commits of one's own on top are in it, too."""
    main = change_main(place)
    git(main.parent, "commit", "--quiet", "-a", "-m", "mine")
    change_main(place, "# more\n")
    assert commit_with_patches(place, strict=True).gaps == ()
    added = [line for line in (place.cec / "patches/ComfyUI.patch").read_text().splitlines() if line.startswith("+#")]
    assert added == ["+# mine", "+# more"]
    assert commit_with_patches(place).nothing_to_do


def test_a_file_that_a_merge_left_open_is_taken_as_it_lies_there(place: Place) -> None:
    main = change_main(place)
    blob = git(main.parent, "hash-object", "-w", "main.py")
    lines = f"0 {'0' * 40}\tmain.py\n" + "".join(f"100644 {blob} {stage}\tmain.py\n" for stage in (1, 2, 3))
    subprocess.run(["git", "-C", str(main.parent), "update-index", "--index-info"], input=lines, text=True, check=True)
    (patch,) = commit_with_patches(place, strict=True).patches.new.values()
    git(main.parent, "reset", "--quiet", "--hard")
    applied = subprocess.run(["git", "-C", str(main.parent), "apply"], input=patch, check=True)
    assert (applied.returncode, main.read_text().endswith("# mine\n")) == (0, True)


def test_other_files_beside_the_patches_stay(place: Place) -> None:
    main = change_main(place)
    (place.cec / "patches").mkdir()
    (place.cec / "patches/notes.txt").write_text("mine")
    commit_with_patches(place)
    main.write_text(main.read_text().removesuffix("# mine\n"))
    plan = place.commit()
    assert plan.patches.gone == ("patches/ComfyUI.patch",)
    assert [path.name for path in (place.cec / "patches").iterdir()] == ["notes.txt"]
    assert place.git("status", "--porcelain") == ""


def test_a_patch_of_a_pack_that_is_not_there_any_more_goes(place: Place) -> None:
    (place.cec / "patches").mkdir()
    (place.cec / "patches/away.patch").write_text("x")
    place.save("a.json")
    assert place.commit().patches.gone == ("patches/away.patch",)


def test_a_place_for_patches_that_is_no_directory_is_refused(place: Place) -> None:
    change_main(place)
    (place.cec / "patches").symlink_to(place.live)
    with pytest.raises(RepositoryUnfit):
        commit_with_patches(place)
