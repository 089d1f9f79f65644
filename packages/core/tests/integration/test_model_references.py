"""Where environments refer to models: every place is read, and one that cannot be read is an error that names it."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from comfydock_core.analyzers.model_files.mentions import OVERLAP, Called, Mentions
from comfydock_core.analyzers.model_references import hear_references
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.integrations.git.objects import kept_texts
from comfydock_core.models.exceptions import GitFailed, ReferencesUnreadable
from tests.support.miniature import git
from tests.support.reporters import RecordingReporter

NAME = "the one.safetensors"
IDENTITY = ("-c", "user.name=a", "-c", "user.email=a@b.c")


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """An environment with a history of one commit, and saved workflows."""
    work = tmp_path / "workspace/environments/work"
    (work / ".cec/backends/cpu").mkdir(parents=True)
    (work / ".cec/pyproject.toml").write_text("[tool.comfydock]\n")
    (work / "ComfyUI/user/default/workflows").mkdir(parents=True)
    git(work / ".cec", "init", "-q", "-b", "main")
    commit(work)
    return work


def commit(work: Path, *words: str) -> None:
    git(work / ".cec", "add", "-A")
    git(work / ".cec", *IDENTITY, "commit", "-q", "--allow-empty", *(words or ("-m", "change")))


def heard(work: Path) -> dict[str, str]:
    mentions = Mentions(Called(frozenset((NAME,)), frozenset(), frozenset()))
    hear_references(WorkspaceLayout(str(work.parents[1])), mentions, RecordingReporter())
    return dict(mentions.found)


def write(path: Path, text: str = f'["{NAME}"]') -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def in_a_commit_that_was_changed_again(work: Path) -> None:
    write(work / ".cec/workflows/a.json")
    commit(work)
    (work / ".cec/workflows/a.json").unlink()
    commit(work)


def on_another_branch(work: Path) -> None:
    git(work / ".cec", "checkout", "-q", "-b", "trial")
    write(work / ".cec/workflows/a.json")
    commit(work)
    git(work / ".cec", "checkout", "-q", "main")


def in_a_commit_that_no_branch_leads_to(work: Path) -> None:
    on_another_branch(work)
    git(work / ".cec", "branch", "-q", "-D", "trial")
    git(work / ".cec", "reflog", "expire", "--expire=now", "--all")


def packed(work: Path) -> None:
    in_a_commit_that_was_changed_again(work)
    git(work / ".cec", "gc", "-q", "--aggressive")


def staged_and_gone(work: Path) -> None:
    write(work / ".cec/a.json")
    git(work / ".cec", "add", "a.json")
    (work / ".cec/a.json").unlink()


def in_a_message(work: Path) -> None:
    commit(work, "-m", f"use {NAME}")


def in_a_tag(work: Path) -> None:
    git(work / ".cec", *IDENTITY, "tag", "-a", "kept", "-m", f"with {NAME}")


def in_a_lock(work: Path) -> None:
    write(work / ".cec/backends/cpu/models.lock", f"name = '{NAME}'\n")


def in_the_manifest(work: Path) -> None:
    write(work / ".cec/pyproject.toml", f'[tool.comfydock.models]\nabc = {{ filename = "{NAME}" }}\n')


def in_a_workflow_of_another_user(work: Path) -> None:
    write(work / "ComfyUI/user/me/workflows/deep/er/a.JSON")


def in_a_subgraph(work: Path) -> None:
    write(work / "ComfyUI/user/default/subgraphs/a.json")


def behind_a_link(work: Path) -> None:
    write(work.parents[2] / "elsewhere/a.json")
    (work / "ComfyUI/user/default/workflows/link").symlink_to(work.parents[2] / "elsewhere")
    (work.parents[2] / "elsewhere/again").symlink_to(work.parents[2] / "elsewhere")


def in_what_undo_would_bring_back(work: Path) -> None:
    write(work / ".ops/000001-sync/old/0")


def in_a_deleted_environment(work: Path) -> None:
    in_a_commit_that_was_changed_again(work)
    kept = work.parent / ".ops/000001-delete/old/0"
    kept.parent.mkdir(parents=True)
    work.rename(kept)


def in_an_unfinished_environment(work: Path) -> None:
    write(work.parent / "half/.cec/pyproject.toml")


def across_the_border_of_a_piece(work: Path) -> None:
    write(work / ".cec/large.txt", "x" * ((1 << 24) - 5) + f'"{NAME}"' + "y" * OVERLAP)
    commit(work)
    (work / ".cec/large.txt").unlink()
    commit(work)


def across_the_border_of_a_file(work: Path) -> None:
    write(work / ".cec/large.txt", "x" * ((1 << 24) - 5) + f'"{NAME}"')


PLACES: list[Callable[[Path], None]] = [
    in_a_commit_that_was_changed_again, on_another_branch, in_a_commit_that_no_branch_leads_to, packed, staged_and_gone,
    in_a_message, in_a_tag, in_a_lock, in_the_manifest, in_a_workflow_of_another_user, in_a_subgraph, behind_a_link,
    in_what_undo_would_bring_back, in_a_deleted_environment, in_an_unfinished_environment,
    across_the_border_of_a_piece, across_the_border_of_a_file,
]  # fmt: skip


@pytest.mark.parametrize("put", PLACES, ids=lambda put: put.__name__)
def test_a_name_is_found_in_every_place(work: Path, put: Callable[[Path], None]) -> None:
    assert heard(work) == {}
    put(work)
    assert list(heard(work)) == [NAME]


def test_results_and_other_files_of_comfyui_are_not_read(work: Path) -> None:
    write(work / "ComfyUI/output/a.json")
    write(work / "ComfyUI/user/default/cache/model-list.json")
    assert heard(work) == {}


def without_a_blob(work: Path) -> Path:
    write(work / ".cec/a.json", "content")
    commit(work)
    return _object(work, "HEAD:a.json", b"")


def with_a_damaged_blob(work: Path) -> Path:
    write(work / ".cec/a.json", "content")
    commit(work)
    return _object(work, "HEAD:a.json", b"no object")


def with_a_damaged_blob_that_nothing_needs(work: Path) -> Path:
    staged_and_gone(work)
    name = git(work / ".cec", "rev-parse", ":a.json").strip()
    git(work / ".cec", "reset", "-q")
    return _object(work, name, b"no object")


def without_a_tree(work: Path) -> Path:
    commit(work)
    return _object(work, "HEAD^{tree}", b"")


def with_a_pack_cut_short(work: Path) -> Path:
    write(work / ".cec/a.json", "content" * 1000)
    commit(work)
    git(work / ".cec", "gc", "-q")
    (pack,) = (work / ".cec/.git/objects/pack").glob("*.pack")
    content = pack.read_bytes()
    pack.chmod(0o600)
    pack.write_bytes(content[: len(content) // 2])
    return work / ".cec"


def with_a_repository_that_is_none(work: Path) -> Path:
    (work / ".cec/.git/HEAD").unlink()
    return work / ".cec"


def with_a_workflow_that_leads_nowhere(work: Path) -> Path:
    link = work / "ComfyUI/user/default/workflows/a.json"
    link.symlink_to("/nowhere")
    return link


def with_a_user_directory_that_leads_nowhere(work: Path) -> Path:
    user = work / "ComfyUI/user"
    user.rename(work / "user")
    user.symlink_to("/nowhere")
    return user


def with_a_definition_that_is_a_loop(work: Path) -> Path:
    loop = work.parent / "other/.cec"
    loop.parent.mkdir()
    loop.symlink_to(loop)
    return loop


def with_an_environment_that_leads_nowhere(work: Path) -> Path:
    link = work.parent / "other"
    link.symlink_to("/nowhere")
    return link


def without_environments(work: Path) -> Path:
    work.parent.rename(work.parents[1] / "unmounted")
    return work.parent


def _object(work: Path, revision: str, content: bytes) -> Path:
    name = git(work / ".cec", "rev-parse", revision).strip()
    path = work / f".cec/.git/objects/{name[:2]}/{name[2:]}"
    path.unlink()
    if content:
        path.write_bytes(content)
    return work / ".cec"


DAMAGES: list[Callable[[Path], Path]] = [
    without_a_blob, with_a_damaged_blob, with_a_damaged_blob_that_nothing_needs, without_a_tree, with_a_pack_cut_short,
    with_a_repository_that_is_none, with_a_workflow_that_leads_nowhere, with_a_user_directory_that_leads_nowhere,
    with_a_definition_that_is_a_loop, with_an_environment_that_leads_nowhere, without_environments,
]  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_what_cannot_be_read_is_an_error_that_names_it(work: Path, damage: Callable[[Path], Path]) -> None:
    place = damage(work)
    with pytest.raises(ReferencesUnreadable) as error:
        heard(work)
    assert str(place) in error.value.message
    assert error.value.hint


def test_no_program_of_a_repository_runs(work: Path) -> None:
    marker = work / "ran"
    for name in ("post-index-change", "reference-transaction", "fsmonitor"):
        hook = work / f".cec/.git/hooks/{name}"
        write(hook, f"#!/bin/sh\ntouch '{marker}'\n")
        hook.chmod(0o755)
    git(work / ".cec", "config", "core.fsmonitor", str(work / ".cec/.git/hooks/fsmonitor"))
    git(work / ".cec", "config", "filter.bad.smudge", f"touch '{marker}'")
    write(work / ".cec/.gitattributes", "* filter=bad\n")
    heard(work)
    assert not marker.exists()


def test_a_git_that_ends_early_is_an_error(work: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The first bytes of an object came, and then git was killed."""
    program = tmp_path / "bin/git"
    write(program, "#!/bin/sh\nprintf 'blob 100\\nhalf'\nkill -9 $$\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/bin:/usr/bin")
    with pytest.raises(GitFailed):
        list(kept_texts(str(work / ".cec"), OVERLAP))


def test_a_file_of_any_size_in_the_history_costs_little_memory(work: Path) -> None:
    """Read by a process that may not have half as much memory as the file is long."""
    size = 400 << 20
    with (work / ".cec/large.bin").open("wb") as file:
        file.truncate(size)
    git(work / ".cec", "-c", "core.bigFileThreshold=1m", "add", "-A")
    program = (
        "from comfydock_core.integrations.git.objects import kept_texts;"
        f" print(sum(map(len, kept_texts({str(work / '.cec')!r}, 100))));"
        # Not `ru_maxrss`, which begins with what the process had that started this one.
        " print(open('/proc/self/status').read().partition('VmHWM:')[2].split()[0])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    length, used = map(int, done.stdout.split())
    assert length > size
    assert used < size // 2048
