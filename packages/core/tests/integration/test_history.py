"""The history of a definition is read from real repositories, those of 1.x among them."""

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from comfydock_core.core.history import History
from comfydock_core.core.workspace import Workspace
from comfydock_core.integrations.git import queries
from comfydock_core.models.exceptions import (
    ComfyDockError,
    NoHistory,
    NotUndoable,
    OperationNotFound,
    RefAmbiguous,
    RefInvalid,
    RefNotFound,
    WorkflowNotFound,
)
from comfydock_core.models.history.differences import DefinitionDifference, WorkflowDifference
from comfydock_core.models.operation import Initiator
from comfydock_core.repositories.history.revisions import Revisions
from comfydock_core.services.transaction import operation
from comfydock_core.services.transaction.planning import make_plan, swap
from comfydock_core.utils.reporting import SilentReporter
from tests.support.histories import MANIFEST, PACK, PastEnvironment, graph, loader, past_environment, sampler

QUIET = SilentReporter()


@pytest.fixture
def past(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PastEnvironment:
    """A history as ComfyDock 1.x makes it: created, a pack added, a workflow committed."""
    made = past_environment(tmp_path)
    monkeypatch.setenv("COMFYDOCK_HOME", str(made.workspace))
    made.commit("Initial environment setup", {"pyproject.toml": MANIFEST, ".python-version": "3.11\n"})
    made.commit("add a pack", {"pyproject.toml": MANIFEST + PACK.format(name="impact", version="1.0.0")})
    made.commit("save", {"workflows/portrait.json": graph(sampler(steps=20))})
    return made


@pytest.fixture
def history(past: PastEnvironment) -> History:
    return Workspace.find().history


def commit_of(history: History, name: str) -> str | None:
    return history.resolve(None, name).commit


def diff(history: History, names: str | None = None) -> DefinitionDifference:
    return history.diff(None, names, QUIET).difference


def change(past: PastEnvironment, path: str, content: str) -> None:
    """An operation that puts a file in place."""
    steps = [swap(str(past.root), path, has_new=True)]
    plan = make_plan(str(past.root), "test", steps, fetch_bytes=0, disk_needed=0)
    with operation(plan, Initiator(("test",)), QUIET) as run:
        Path(run.place(path)).write_text(content)
        run.commit()


def only(workflows: tuple[WorkflowDifference, ...]) -> WorkflowDifference:
    (one,) = workflows
    return one


# Names


@pytest.mark.parametrize("name", ["v2", "HEAD~1", "v3^", "v3~1", "main~1", "@~1", "refs/heads/main~1"])
def test_a_commit_has_many_names(past: PastEnvironment, history: History, name: str) -> None:
    assert commit_of(history, name) == past.git("rev-parse", "HEAD~1")


def test_four_digits_of_a_commit_name_it(past: PastEnvironment, history: History) -> None:
    head = past.git("rev-parse", "HEAD")
    assert commit_of(history, head[:4]) == head


def test_branches_and_annotated_tags_name_commits(past: PastEnvironment, history: History) -> None:
    past.git("branch", "side", "HEAD~2")
    past.git("tag", "-a", "-m", "fine", "good", "HEAD~1")
    assert commit_of(history, "side") == past.git("rev-parse", "HEAD~2")
    assert commit_of(history, "good") == past.git("rev-parse", "HEAD~1")


def test_numbers_count_the_first_parents_alone(past: PastEnvironment, history: History) -> None:
    past.git("checkout", "-q", "-b", "side", "HEAD~1")
    past.commit("on the side", {"notes.txt": "x"})
    past.git("checkout", "-q", "main")
    past.git("merge", "-q", "--no-edit", "side")
    assert commit_of(history, "v4") == past.git("rev-parse", "HEAD")
    assert commit_of(history, "v3") == past.git("rev-parse", "HEAD~1")
    assert [one.commit.number for one in history.log(None, limit=None).entries] == [4, None, 3, 2, 1]


def test_a_tag_like_a_number_counts_where_there_is_no_such_number(past: PastEnvironment, history: History) -> None:
    past.git("tag", "v2", "HEAD")
    past.git("tag", "v7", "HEAD")
    assert commit_of(history, "v2") == past.git("rev-parse", "HEAD~1")
    assert commit_of(history, "v7") == past.git("rev-parse", "HEAD")


def test_where_a_branch_was_earlier_names_a_commit(past: PastEnvironment, history: History) -> None:
    assert commit_of(history, "@{1}") == past.git("rev-parse", "HEAD~1")
    assert commit_of(history, "main@{0}") == past.git("rev-parse", "HEAD")
    assert commit_of(history, "HEAD@{2 seconds ago}") is not None


def test_what_a_branch_follows_names_a_commit(past: PastEnvironment, history: History, tmp_path: Path) -> None:
    with pytest.raises(RefNotFound) as refused:
        commit_of(history, "@{upstream}")
    assert refused.value.hint is not None
    assert "follows none" in refused.value.hint
    past.git("clone", "-q", "--bare", ".", str(tmp_path / "elsewhere.git"))
    past.git("remote", "add", "origin", str(tmp_path / "elsewhere.git"))
    past.git("fetch", "-q", "origin")
    past.git("branch", "-q", "--set-upstream-to=origin/main")
    past.commit("ahead", {"notes.txt": "x"})
    assert commit_of(history, "@{upstream}") == past.git("rev-parse", "HEAD~1")


@pytest.mark.parametrize(
    ("remote", "why"), [("origin", "is not known here: `comfydock fetch`"), ("gone", "there is no such remote")]
)
@pytest.mark.parametrize("name", ["@{u}", "main@{upstream}~1"])
def test_what_a_branch_follows_and_is_gone_is_told(
    past: PastEnvironment, history: History, remote: str, why: str, name: str
) -> None:
    past.git("remote", "add", "origin", "https://git.example.com/work.git")
    past.git("config", "branch.main.remote", remote)
    past.git("config", "branch.main.merge", "refs/heads/main")
    with pytest.raises(RefNotFound) as refused:
        commit_of(history, name)
    assert f"`main` follows `{remote}/main`" in str(refused.value.hint)
    assert why in str(refused.value.hint)


def test_a_near_miss_is_suggested(past: PastEnvironment, history: History) -> None:
    past.git("branch", "portraits")
    with pytest.raises(RefNotFound) as refused:
        commit_of(history, "portrait")
    assert refused.value.hint == "did you mean `portraits`?"


def test_a_number_beyond_the_history_says_how_far_it_goes(history: History) -> None:
    with pytest.raises(RefNotFound) as refused:
        commit_of(history, "v4")
    assert refused.value.hint == "the history has v1 to v3"


def test_a_branch_and_a_tag_of_one_name_are_ambiguous(past: PastEnvironment, history: History) -> None:
    past.git("branch", "both", "HEAD~1")
    past.git("tag", "both", "HEAD")
    with pytest.raises(RefAmbiguous):
        commit_of(history, "both")
    assert commit_of(history, "heads/both") == past.git("rev-parse", "HEAD~1")


def test_the_beginning_of_several_commits_is_ambiguous(past: PastEnvironment, history: History) -> None:
    past.grow(1500)  # Among so many there are always some that begin with the same four digits.
    beginnings = Counter(name[:4] for name in past.git("rev-list", "HEAD").split())
    digits = next(beginning for beginning, count in beginnings.items() if count > 1)
    with pytest.raises(RefAmbiguous) as refused:
        commit_of(history, digits)
    assert len(refused.value.context["commits"]) == beginnings[digits]


@pytest.mark.parametrize(
    "name",
    [
        "",
        "-n",
        "--output=x",
        "a b",
        "HEAD:pyproject.toml",
        ":/save",
        "a...b",
        "a\nb",
        "a\0b",
        "^HEAD",
        "x" * 2000,
        "\udc80",
    ],
)
def test_what_is_no_name_is_refused(history: History, name: str) -> None:
    with pytest.raises((RefInvalid, RefNotFound)):
        commit_of(history, name)


@pytest.mark.parametrize("words", ["v1..v2..v3", "v1...v2", "--output=x..HEAD", "HEAD..-x"])
def test_a_range_that_is_none_is_refused(history: History, words: str) -> None:
    with pytest.raises(RefInvalid):
        diff(history, words)


def test_an_operation_that_is_not_kept_is_refused(history: History) -> None:
    with pytest.raises(OperationNotFound):
        history.resolve(None, "op:7")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=12) | st.from_regex(r"(v[0-9]|HEAD|main|-)[~^0-9@{}a.]{0,6}", fullmatch=True))
def test_any_text_is_a_commit_or_a_named_error(past: PastEnvironment, text: str) -> None:
    before = sorted(past.definition.iterdir())
    try:
        found = Revisions(past.layout).resolve(text)
    except ComfyDockError as error:
        assert error.code in ("ref-invalid", "ref-not-found", "ref-ambiguous", "operation-not-found")
    else:
        assert found.commit is not None
        assert past.git("cat-file", "-t", found.commit) == "commit"
    assert sorted(past.definition.iterdir()) == before


# The log


def test_the_log_tells_what_each_commit_changed(history: History) -> None:
    entries = history.log(None, limit=None).entries
    assert [one.words for one in entries] == ["add workflow portrait", "add pack impact", "start with ComfyUI v0.3.60"]


def test_the_log_of_a_workflow_has_its_commits_alone(past: PastEnvironment, history: History) -> None:
    past.commit("more steps", {"workflows/portrait.json": graph(sampler(steps=30))})
    past.commit("other", {"notes.txt": "x"})
    past.commit("gone", {"workflows/portrait.json": None})
    for name in ("portrait", "portrait.json", "workflows/portrait.json"):
        subjects = [one.commit.subject for one in history.log(None, name, limit=None).entries]
        assert subjects == ["gone", "more steps", "save"]


def test_a_merge_that_leaves_a_workflow_alone_is_not_in_its_log(past: PastEnvironment, history: History) -> None:
    past.git("checkout", "-q", "-b", "side", "HEAD~1")
    past.commit("aside", {"notes.txt": "x"})
    past.git("checkout", "-q", "main")
    past.git("merge", "-q", "--no-edit", "side")
    assert [one.commit.subject for one in history.log(None, "portrait", limit=None).entries] == ["save"]
    assert history.log(None, limit=1).entries[0].words == "add notes.txt"


@pytest.mark.parametrize("path", ["", "../x", "/etc/passwd", "a\0b", "workflows/../../x"])
def test_the_log_of_what_is_no_path_of_a_definition_is_refused(history: History, path: str) -> None:
    with pytest.raises(WorkflowNotFound):
        history.log(None, path, limit=None)


def test_the_log_of_a_pattern_is_that_of_a_file_of_this_name(history: History) -> None:
    with pytest.raises(WorkflowNotFound):
        history.log(None, ":(glob)**", limit=None)


def test_the_log_says_whether_there_is_more(history: History) -> None:
    assert [history.log(None, limit=limit).more for limit in (2, 3, None)] == [True, False, False]


def test_a_graph_has_two_lines_a_commit(past: PastEnvironment, history: History) -> None:
    log = history.log(None, limit=None, graph=True)
    assert [line.commit for line in log.graph if line.first] == [one.commit.hash for one in log.entries]


def test_messages_may_hold_whatever_git_lets_them_hold(past: PastEnvironment, history: History) -> None:
    past.commit("odd \x01 subject\n\n:100644 100644 0 0 M\n\x1e1 body", {"notes.txt": "x"})
    (entry, *others) = history.log(None, limit=None).entries
    assert entry.commit.body == ":100644 100644 0 0 M\n\x1e1 body"
    assert (entry.words, len(others)) == ("add notes.txt", 3)


def test_a_damaged_manifest_in_the_history_costs_its_words_alone(past: PastEnvironment, history: History) -> None:
    past.commit("broken", {"pyproject.toml": "[["})
    past.commit("mended", {"pyproject.toml": MANIFEST})
    assert [one.words is None for one in history.log(None, limit=3).entries] == [True, True, False]


# Differences


def test_the_last_commit_is_compared_with_live_workflows(past: PastEnvironment, history: History) -> None:
    past.save("portrait", graph(sampler(steps=30)))
    past.save("sub/new", graph(loader("a.safetensors")))
    found = {one.name: one for one in diff(history).workflows}
    assert {name: one.state for name, one in found.items()} == {"portrait": "changed", "sub/new": "added"}
    view = found["portrait"].view
    assert view is not None
    assert len(view.changed) == 1


def test_nothing_differs_where_everything_is_committed(past: PastEnvironment, history: History) -> None:
    past.save("portrait", graph(sampler(steps=20)))
    assert diff(history).is_empty


def test_a_manifest_that_is_not_committed_is_part_of_now(past: PastEnvironment, history: History) -> None:
    past.put("pyproject.toml", MANIFEST)
    assert [one.state for one in diff(history).packs] == ["removed"]


def test_two_commits_are_compared(history: History) -> None:
    found = diff(history, "v1..HEAD")
    assert [one.identifier for one in found.packs] == ["impact"]
    assert only(found.workflows).state == "added"
    assert [one.state for one in diff(history, "HEAD..v1").packs] == ["removed"]


def test_a_commit_is_shown_against_its_first_parent(history: History) -> None:
    commit, found = history.show(None, "v2", QUIET)
    assert (commit.label, commit.subject) == ("v2", "add a pack")
    assert [one.identifier for one in found.difference.packs] == ["impact"]


def test_the_first_commit_is_shown_against_nothing(history: History) -> None:
    _, found = history.show(None, "v1", QUIET)
    assert found.difference.comfyui is not None
    assert found.before.text == "nothing"


def test_commits_between_two_versions_of_a_pack_are_told(past: PastEnvironment, history: History) -> None:
    checkout = past.root / "ComfyUI/custom_nodes/fancy"
    checkout.mkdir(parents=True)
    commits = []
    past.git("-C", str(checkout), "init", "-q")
    for subject in ("one", "two", "three"):
        past.git("-C", str(checkout), "commit", "-q", "--allow-empty", "-m", subject)
        commits.append(past.git("-C", str(checkout), "rev-parse", "HEAD"))
    for commit in (commits[0], commits[2]):
        past.commit("pin", {"pyproject.toml": MANIFEST + PACK.format(name="fancy", version=commit)})
    (forward,) = diff(history, "HEAD~1..HEAD").packs
    assert [line.partition(" ")[2] for line in forward.commits.added] == ["three", "two"]
    (back,) = diff(history, "HEAD..HEAD~1").packs
    assert (back.commits.added, len(back.commits.removed)) == ((), 2)


def test_a_version_that_looks_like_an_option_reaches_no_git(
    past: PastEnvironment, history: History, tmp_path: Path
) -> None:
    made = tmp_path / "made"
    for version in (f"--output={made}", "1"):
        past.commit("pin", {"pyproject.toml": MANIFEST + PACK.format(name="fancy", version=version)})
    (past.root / "ComfyUI/custom_nodes/fancy").mkdir(parents=True)
    past.git("init", "-q", str(past.root / "ComfyUI/custom_nodes/fancy"))
    assert len(diff(history, "HEAD~1..HEAD").packs) == 1
    assert queries.subjects_between(str(past.definition), f"--output={made}", "HEAD") == []
    assert not list(tmp_path.glob("made*"))


def test_the_state_before_an_operation_is_what_it_and_later_ones_keep(past: PastEnvironment, history: History) -> None:
    past.save("portrait", graph(sampler(steps=20)))
    change(past, ".cec/pyproject.toml", MANIFEST.replace("v0.3.60", "v0.3.61"))
    live = "ComfyUI/user/default/workflows/portrait.json"
    change(past, live, json.dumps(graph(sampler(steps=99))))
    change(past, ".cec/pyproject.toml", MANIFEST.replace("v0.3.60", "v0.3.62"))
    assert diff(history, "HEAD..op:1").is_empty
    second = diff(history, "HEAD..op:2")
    assert second.comfyui is not None
    assert (second.comfyui.after.version, second.workflows) == ("v0.3.61", ())
    assert only(diff(history, "HEAD..op:3").workflows).name == "portrait"


def test_the_state_before_an_operation_survives_its_undoing(past: PastEnvironment, history: History) -> None:
    change(past, ".cec/pyproject.toml", MANIFEST.replace("v0.3.60", "v0.3.61"))
    change(past, ".cec/pyproject.toml", MANIFEST.replace("v0.3.60", "v0.3.62"))
    operations = Workspace.find().operations("work", workspace=False)
    operations.undo(operations.plan_undo(None), Initiator(("undo",)), QUIET)
    found = diff(history, "HEAD..op:2").comfyui
    assert found is not None
    assert found.after.version == "v0.3.61"


def test_the_state_before_an_operation_that_was_pruned_since_is_a_named_error(
    past: PastEnvironment, history: History
) -> None:
    change(past, ".cec/pyproject.toml", MANIFEST)
    (past.root / ".ops/000001-test/old/0").unlink()
    with pytest.raises(NotUndoable):
        diff(history, "op:1")


# Repositories of all kinds


def test_a_definition_without_a_repository_is_not_looked_for_around_it(past: PastEnvironment, history: History) -> None:
    shutil.rmtree(past.definition / ".git")
    past.git("-C", str(past.workspace), "init", "-q")
    past.git("-C", str(past.workspace), "commit", "-q", "--allow-empty", "-m", "around")
    for ask in (lambda: history.log(None, limit=1), lambda: diff(history), lambda: history.resolve(None, "HEAD")):
        with pytest.raises(NoHistory):
            ask()


def test_a_history_without_commits_is_a_named_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = past_environment(tmp_path)
    monkeypatch.setenv("COMFYDOCK_HOME", str(empty.workspace))
    history = Workspace.find().history
    for ask in (lambda: history.log(None, limit=1), lambda: diff(history), lambda: history.resolve(None, "v1")):
        with pytest.raises(NoHistory):
            ask()


def test_a_detached_head_has_a_history(past: PastEnvironment, history: History) -> None:
    past.git("checkout", "-q", "--detach", "HEAD~1")
    assert [one.commit.label for one in history.log(None, limit=None).entries] == ["v2", "v1"]


def test_a_shallow_history_says_that_it_is_one(past: PastEnvironment, history: History, tmp_path: Path) -> None:
    past.git("clone", "-q", "--bare", ".", str(tmp_path / "elsewhere.git"))
    past.git("clone", "-q", "--depth=1", f"file://{tmp_path}/elsewhere.git", str(tmp_path / "shallow"))
    shutil.rmtree(past.definition / ".git")
    shutil.move(tmp_path / "shallow/.git", past.definition / ".git")
    log = history.log(None, limit=None)
    assert (log.shallow, log.total) == (True, 1)
    assert history.show(None, "HEAD", QUIET)[0].label == "v1"


def test_a_missing_object_is_a_named_error(past: PastEnvironment, history: History) -> None:
    name = past.git("rev-parse", "HEAD:pyproject.toml")
    (past.definition / ".git/objects" / name[:2] / name[2:]).unlink()
    with pytest.raises(ComfyDockError) as refused:
        diff(history, "v1..HEAD")
    assert refused.value.code in ("history-damaged", "git-failed")


def test_workflows_of_subdirectories_and_odd_names_are_read(past: PastEnvironment, history: History) -> None:
    names = ["ä ö/ß", "-x", 'say "hi"', "a\tb"]
    past.commit("odd", {f"workflows/{name}.json": graph(loader(name)) for name in names})
    found = diff(history, "HEAD~1..HEAD").workflows
    assert sorted(one.name for one in found) == sorted(names)


def test_links_in_a_history_are_no_files(past: PastEnvironment, history: History) -> None:
    (past.definition / "workflows/away.json").symlink_to("/etc/passwd")
    past.commit("link")
    assert diff(history, "HEAD~1..HEAD").workflows == ()


def test_nothing_of_a_stranger_runs(past: PastEnvironment, history: History, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {ran}\ncat\n")
    program.chmod(0o755)
    past.commit("attributes", {".gitattributes": "* filter=x diff=x\n"})
    for key in ("filter.x.smudge", "filter.x.clean", "diff.x.textconv", "diff.x.command", "diff.external",
                "core.pager", "core.fsmonitor", "pager.log", "core.hooksPath", "gpg.program"):  # fmt: skip
        past.git("config", key, str(program))
    past.git("config", "log.showSignature", "true")
    history.log(None, limit=None, graph=True)
    history.log(None, "portrait", limit=None)
    diff(history)
    diff(history, "v1..HEAD")
    history.show(None, "HEAD", QUIET)
    assert not ran.exists()


def test_reading_leaves_no_trace_in_the_repository(past: PastEnvironment, history: History) -> None:
    def files() -> dict[str, int]:
        return {str(path): path.stat().st_mtime_ns for path in past.definition.rglob("*") if path.is_file()}

    before = files()
    diff(history)
    history.log(None, limit=None, graph=True)
    assert files() == before
