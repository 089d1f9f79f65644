"""Creating environments with real git and real uv."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from comfydock_core.core.environment import Environment
from comfydock_core.core.workspace import Workspace
from comfydock_core.factories.workspace_factory import open_workspace
from comfydock_core.integrations.uv_command import find_uv
from comfydock_core.models.environments.creation import CreateRequest
from comfydock_core.models.exceptions import (
    BackendNotFound,
    ChangedMeanwhile,
    ComfyDockError,
    EnvironmentExists,
    InvalidName,
    InvalidSetting,
    ModelsDirectoryNotFound,
    NotComfyUI,
    PythonNotFound,
    RefNotFound,
    RepositoryNotFound,
    RequirementInvalid,
    RequirementsConflict,
    ToolMissing,
)
from comfydock_core.models.operation import Initiator, Swap
from comfydock_core.models.packages.python_packages import PackageRequest
from comfydock_core.utils.reporting import SilentReporter
from tests.support import sessions
from tests.support.indexes import date_index, serving_directory
from tests.support.miniature import BRANCH, NEWEST, Miniature, build_repository, commit
from tests.support.reporters import RecordingReporter
from tests.support.wheels import add_to_index, write_index

Make = Callable[..., Environment]

INITIATOR = Initiator(("create", "demo"))


def names_in(workspace: Workspace) -> list[str]:
    return sessions.names_in(Path(workspace.layout.environments))


def test_a_new_environment_has_everything_in_its_place(demo: Environment, local: Miniature) -> None:
    root = Path(demo.layout.root)
    assert sorted(os.listdir(root)) == [".cec", ".venv", "ComfyUI"]
    assert (root / ".cec/.python-version").read_text() == "3.11\n"
    assert (root / ".cec/.complete").read_bytes() == b""
    assert os.readlink(root / "ComfyUI/models") == f"{demo.workspace.root}/models"
    assert demo.manifest_section("tool.comfydock") == {
        "schema_version": 2,
        "comfyui_version": NEWEST,
        "comfyui_version_type": "release",
        "comfyui_commit_sha": local.commits[NEWEST],
        "comfyui_repository": str(local.repository),
        "python_version": "3.11",
        "pytorch": {"family": ["torch", "torchvision", "torchaudio"]},
    }


def test_its_history_begins_with_what_all_machines_share_on_branch_main(demo: Environment) -> None:
    def git(*arguments: str) -> str:
        done = subprocess.run(["git", "-C", demo.layout.definition, *arguments], capture_output=True, text=True)
        return done.stdout.strip()

    assert git("ls-files").split() == [
        ".gitattributes", ".gitignore", ".python-version", "backends/cpu/pylock.toml", "pyproject.toml", "uv.lock",
    ]  # fmt: skip
    assert git("log", "--format=%s") == "Initial environment setup"
    assert git("branch", "--show-current") == "main"
    assert git("status", "--porcelain") == ""


def test_the_identity_of_git_is_used_when_there_is_one(
    make_environment: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "gitconfig").write_text("[user]\n\tname = Ada\n\temail = ada@example.invalid\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    definition = make_environment().layout.definition
    log = subprocess.run(["git", "-C", definition, "log", "--format=%an <%ae>"], capture_output=True, text=True)
    assert log.stdout.strip() == "Ada <ada@example.invalid>"
    assert "[user]" not in Path(definition, ".git/config").read_text()


def test_what_requirements_say_is_locked_and_installed(demo: Environment) -> None:
    site_packages = Path(demo.layout.venv, "lib/python3.11/site-packages")
    installed = sorted(path.name.removesuffix(".dist-info") for path in site_packages.glob("*.dist-info"))
    assert installed == [
        "mini_base-1.5",
        "mini_imaging-1.1",
        "mini_math-2.0",
        "mini_sampling-0.3",
        "torch-2.9.1+cpu",
        "torchaudio-2.9.1+cpu",
        "torchvision-0.24.1+cpu",
    ]


def test_scripts_of_packages_work_in_the_final_place(demo: Environment) -> None:
    done = subprocess.run([f"{demo.layout.venv}/bin/mini-imaging"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "mini-imaging 1.1\n")


def test_nothing_in_it_remembers_where_it_was_built(demo: Environment) -> None:
    """But for the bytecode of what ran during the building, which names its sources for tracebacks only."""
    found = subprocess.run(["grep", "-rIl", ".create-", demo.layout.root], capture_output=True, text=True)
    assert found.stdout == ""


def test_without_torch_nothing_of_it_is_installed_though_others_ask_for_it(make_environment: Make) -> None:
    demo = make_environment(torch_backend="none")
    names = os.listdir(f"{demo.layout.venv}/lib/python3.11/site-packages")
    assert not [name for name in names if name.startswith("torch")]
    assert "mini_sampling-0.3.dist-info" in names
    assert demo.status().packages.state == "in-sync"


def test_another_back_end_brings_its_own_wheels(make_environment: Make) -> None:
    demo = make_environment(torch_backend="cu128")
    names = os.listdir(f"{demo.layout.venv}/lib/python3.11/site-packages")
    assert {"torch-2.9.1+cu128.dist-info", "mini_accelerator-12.8.dist-info"} <= set(names)
    assert "cu128" not in demo.manifest_text() + Path(demo.layout.lock).read_text()


@pytest.mark.parametrize(
    ("asked", "kind", "key"),
    [(None, "release", NEWEST), ("latest", "release", NEWEST), ("v0.1.0", "release", "v0.1.0"),
     ("0.2.0", "release", "v0.2.0"), (BRANCH, "branch", BRANCH), ("main", "branch", "main")],
)  # fmt: skip
def test_the_version_asked_for_is_checked_out(
    make_environment: Make, local: Miniature, asked: str | None, kind: str, key: str
) -> None:
    state = make_environment(comfyui=asked).status().comfyui
    assert (state.version, state.version_type, state.commit) == (key, kind, local.commits[key])
    assert state.matches
    assert state.branch == (key if kind == "branch" else None)


@pytest.mark.parametrize("digits", [40, 7])
def test_a_commit_in_full_or_short_is_checked_out(make_environment: Make, local: Miniature, digits: int) -> None:
    commit = local.commits["v0.2.0"]
    state = make_environment(comfyui=commit[:digits]).status().comfyui
    assert (state.version, state.version_type, state.commit) == (commit, "commit", commit)


def test_an_address_that_is_a_file_url_works(make_environment: Make, local: Miniature) -> None:
    demo = make_environment(repository=local.repository.as_uri(), comfyui=local.commits["v0.1.0"][:9])
    assert demo.status().comfyui.commit == local.commits["v0.1.0"]


def test_the_plan_writes_nothing_and_says_what_will_be_done(workspace: Workspace, local: Miniature) -> None:
    plan = workspace.environments.plan_creation(CreateRequest("demo", torch_backend="cpu", use=True), SilentReporter())
    assert names_in(workspace) == []
    work = [step.action for step in plan.change.work]
    assert work == ["clone", "write", "lock", "install", "copy", "link", "commit"]
    steps = [(step.sign, step.path) for step in plan.change.steps if isinstance(step, Swap)]
    assert steps == [("+", "demo"), ("~", "../.metadata/workspace.json")]
    assert plan.comfyui.commit == local.commits[NEWEST]


def test_work_is_reported_as_it_goes(workspace: Workspace) -> None:
    reporter = RecordingReporter()
    plan = workspace.environments.plan_creation(CreateRequest("demo", torch_backend="cpu"), reporter)
    workspace.environments.create(plan, INITIATOR, reporter)
    assert reporter.phases == [
        "Looking up ComfyUI latest",
        f"Cloning ComfyUI {NEWEST}",
        "Preparing Python 3.11",
        "Resolving Python packages",
        "Locking PyTorch for cpu",
        "Installing Python packages",
        "Linking the models directory",
        "Starting the history",
    ]
    assert any("torch==2.9.1+cpu" in line for line in reporter.lines)
    assert reporter.warnings == []


def test_use_makes_the_new_environment_active(workspace: Workspace, make_environment: Make) -> None:
    make_environment("first")
    assert workspace.config().active_environment is None
    make_environment("second", use=True)
    assert workspace.config().active_environment == "second"


@pytest.mark.parametrize("name", ["", "models", "Logs", ".hidden", "a/b", "a b", "-a", "a-", "ä", "a..b", "x" * 129])
def test_names_that_cannot_be_used_are_refused(workspace: Workspace, name: str) -> None:
    with pytest.raises(InvalidName):
        workspace.environments.plan_creation(CreateRequest(name), SilentReporter())


def test_a_name_that_is_taken_is_refused(workspace: Workspace, demo: Environment) -> None:
    with pytest.raises(EnvironmentExists):
        workspace.environments.plan_creation(CreateRequest("demo"), SilentReporter())


def test_a_directory_in_the_way_is_refused_and_kept(workspace: Workspace) -> None:
    place = Path(workspace.layout.environments, "demo")
    plan = workspace.environments.plan_creation(CreateRequest("demo", torch_backend="cpu"), SilentReporter())
    place.mkdir()
    (place / "mine").write_text("keep me")
    with pytest.raises(ChangedMeanwhile):
        workspace.environments.create(plan, INITIATOR, SilentReporter())
    assert (place / "mine").read_text() == "keep me"


@pytest.mark.parametrize(("field", "value"), [("python", "3"), ("python", "2.7.x"), ("torch_backend", "cuda")])
def test_options_that_make_no_sense_are_refused(workspace: Workspace, field: str, value: str) -> None:
    with pytest.raises(InvalidSetting):
        workspace.environments.plan_creation(CreateRequest("demo", **{field: value}), SilentReporter())  # type: ignore[arg-type]


def test_a_missing_models_directory_is_refused(workspace: Workspace) -> None:
    os.rmdir(workspace.layout.models)
    with pytest.raises(ModelsDirectoryNotFound):
        workspace.environments.plan_creation(CreateRequest("demo"), SilentReporter())


def test_a_ref_that_does_not_exist_names_the_nearest(workspace: Workspace) -> None:
    with pytest.raises(RefNotFound) as caught:
        workspace.environments.plan_creation(CreateRequest("demo", comfyui="v0.10.1"), SilentReporter())
    assert NEWEST in caught.value.context["near"]  # type: ignore[operator]


def test_a_commit_that_does_not_exist_is_not_found(workspace: Workspace) -> None:
    with pytest.raises(RefNotFound):
        workspace.environments.plan_creation(CreateRequest("demo", comfyui="f" * 40), SilentReporter())


def test_a_directory_that_is_no_repository_is_told(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(RepositoryNotFound):
        workspace.environments.plan_creation(
            CreateRequest("demo", repository=str(tmp_path / "nowhere")), SilentReporter()
        )


def refused(workspace: Workspace, **options: object) -> ComfyDockError:
    """Try to create; returns the error after checking that nothing is left."""
    request = CreateRequest("demo", **{"torch_backend": "cpu", **options})  # type: ignore[arg-type]
    with pytest.raises(ComfyDockError) as caught:
        plan = workspace.environments.plan_creation(request, SilentReporter())
        workspace.environments.create(plan, INITIATOR, SilentReporter())
    assert names_in(workspace) == []
    return caught.value


def changed_repository(directory: Path, name: str, content: str | None) -> str:
    """A miniature whose branch `main` has one file changed or removed."""
    build_repository(directory)
    if content is None:
        (directory / name).unlink()
    else:
        (directory / name).write_text(content)
    commit(directory, "Changed")
    return str(directory)


def test_a_repository_that_is_not_comfyui_leaves_nothing(workspace: Workspace, tmp_path: Path) -> None:
    repository = changed_repository(tmp_path / "other", "main.py", None)
    error = refused(workspace, repository=repository, comfyui="main")
    assert isinstance(error, NotComfyUI)
    assert error.context["missing"] == ["main.py"]


def test_a_repository_without_custom_nodes_gets_the_directory(make_environment: Make, tmp_path: Path) -> None:
    build_repository(tmp_path / "other")
    shutil.rmtree(tmp_path / "other/custom_nodes", ignore_errors=True)
    commit(tmp_path / "other", "Changed")
    environment = make_environment("bare", repository=str(tmp_path / "other"), comfyui="main")
    assert os.listdir(environment.layout.custom_nodes) == []


def test_requirements_that_do_not_resolve_leave_nothing(workspace: Workspace, tmp_path: Path) -> None:
    repository = changed_repository(tmp_path / "other", "requirements.txt", "mini-math>99\n")
    error = refused(workspace, repository=repository, comfyui="main")
    assert isinstance(error, RequirementsConflict)
    assert "mini-math" in error.message


def test_a_line_that_is_no_requirement_is_named(workspace: Workspace, tmp_path: Path) -> None:
    repository = changed_repository(tmp_path / "other", "requirements.txt", "mini-math\n\n!!! what\n")
    error = refused(workspace, repository=repository, comfyui="main")
    assert isinstance(error, RequirementInvalid)
    assert "line 3" in error.message


def test_a_python_that_does_not_exist_leaves_nothing(workspace: Workspace) -> None:
    assert isinstance(refused(workspace, python="3.99"), PythonNotFound)


def test_without_git_the_error_says_so(workspace: Workspace, empty_path: None) -> None:
    with pytest.raises(ToolMissing, match="git"):
        workspace.environments.plan_creation(CreateRequest("demo"), SilentReporter())


def test_a_uv_that_is_none_is_told(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMFYDOCK_UV", "/nowhere/uv")
    with pytest.raises(ToolMissing, match="COMFYDOCK_UV"):
        workspace.environments.plan_creation(CreateRequest("demo"), SilentReporter())


def test_an_index_address_with_a_password_is_refused_before_it_is_stored(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMFYDOCK_PYTORCH_INDEX_URL", "https://me:secret@mirror.example/whl")
    plan = workspace.environments.plan_creation(CreateRequest("work", torch_backend="cpu"), SilentReporter())
    with pytest.raises(InvalidSetting) as caught:
        workspace.environments.create(plan, INITIATOR, SilentReporter())
    assert "secret" not in str(caught.value)
    assert names_in(workspace) == []


def test_the_manifest_is_shown_as_it_is_written(demo: Environment) -> None:
    assert demo.manifest_text() == Path(demo.layout.manifest).read_text()
    assert demo.manifest()["tool"]["uv"]["package"] is False  # type: ignore[index]


@pytest.fixture
def uv_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """What uv was told since the last call."""
    log, program = tmp_path / "log", tmp_path / "uv"
    program.write_text(f'#!/bin/sh\necho "$*" >> "{log}"\nexec "{find_uv()}" "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("COMFYDOCK_UV", str(program))

    def calls() -> str:
        told = log.read_text()
        log.write_text("")
        return told

    return calls


def test_a_second_environment_of_the_same_is_locked_alike_without_being_resolved_again(
    make_environment: Make, uv_calls: Callable[[], str]
) -> None:
    one = make_environment("one")
    assert "pip compile" in uv_calls()
    two = make_environment("two")
    second = uv_calls()
    assert "pip compile" not in second
    assert second.count("lock\n") == 1
    locks = [Path(each.layout.lock).read_text().replace(f"-{each.name}", "") for each in (one, two)]
    assert locks[0] == locks[1]
    parts = [Path(each.layout.definition, "backends/cpu/pylock.toml").read_bytes() for each in (one, two)]
    assert parts[0] == parts[1]
    assert two.status().in_sync


@pytest.mark.parametrize("how", ["variable", "option", "online"])
def test_old_answers_are_the_best_there_is_without_the_network_only(
    workspace: Workspace, make_environment: Make, uv_calls: Callable[[], str], monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    make_environment("one")
    for answer in Path(workspace.layout.cache, "answers").iterdir():
        os.utime(answer, (1, 1))
    uv_calls()
    if how == "variable":
        monkeypatch.setenv("UV_OFFLINE", "1")
        two = make_environment("two")
    else:
        opened = open_workspace(workspace.layout, offline=how == "option")
        plan = opened.environments.plan_creation(CreateRequest("two", torch_backend="cpu"), SilentReporter())
        opened.environments.create(plan, INITIATOR, SilentReporter())
        two = opened.open_environment("two")
    assert ("pip compile" in uv_calls()) == (how == "online")
    assert two.status().in_sync


def test_what_is_remembered_of_other_requirements_is_not_taken(make_environment: Make) -> None:
    one = make_environment("one", comfyui="v0.1.0")
    two = make_environment("two")
    assert "mini-sampling" in Path(two.layout.lock).read_text()
    assert "mini-sampling" not in Path(one.layout.lock).read_text()
    assert two.status().in_sync


# Packages of an earlier day


@pytest.fixture(params=["with settings", "without settings"])
def dated(
    request: pytest.FixtureRequest, tmp_path: Path, local: Miniature, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Indexes that got newer packages, PyTorch among them, after the releases of ComfyUI were made (2026-01-02)."""
    shutil.copytree(local.index, tmp_path / "dated" / "pypi")
    shutil.copytree(local.pytorch, tmp_path / "dated" / "pytorch")
    general, pytorch = tmp_path / "dated" / "pypi", tmp_path / "dated" / "pytorch"
    add_to_index(general, "mini-base", "1.6")
    add_to_index(general, "torch", "2.10.0")
    add_to_index(pytorch / "cpu", "torch", "2.10.0+cpu")
    write_index(pytorch / "cpu")
    newer = "2026-02-02T00:00:00Z"
    date_index(general, "2025-11-11T00:00:00Z", {"mini_base-1.6": newer, "torch-2.10": newer})
    with serving_directory(tmp_path / "dated") as served:
        for name, value in served.variables().items():
            monkeypatch.setenv(name, value)
        if request.param == "with settings":
            monkeypatch.delenv("UV_NO_CONFIG")
        yield


def versions(demo: Environment) -> set[str]:
    names = os.listdir(f"{demo.layout.venv}/lib/python3.11/site-packages")
    return {name.removesuffix(".dist-info") for name in names if name.startswith(("torch-", "mini_base-"))}


@pytest.mark.usefixtures("dated")
@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        (None, {"torch-2.10.0+cpu", "mini_base-1.6"}),
        ("release", {"torch-2.9.1+cpu", "mini_base-1.5"}),
        ("2026-02-01", {"torch-2.9.1+cpu", "mini_base-1.5"}),
        ("2026-02-02", {"torch-2.10.0+cpu", "mini_base-1.6"}),
    ],
)
def test_packages_are_no_newer_than_the_day_that_is_asked_for(
    make_environment: Make, as_of: str | None, expected: set[str]
) -> None:
    demo = make_environment(as_of=as_of)
    assert versions(demo) == expected
    assert demo.status().packages.state == "in-sync"


@pytest.mark.usefixtures("dated")
def test_the_day_is_kept_for_what_is_added_later(make_environment: Make, workspace: Workspace) -> None:
    demo = make_environment(as_of="release")
    assert 'exclude-newer = "2026-01-03T03:04:05Z"' in demo.manifest_text()
    plan = workspace.packages.plan("demo", PackageRequest("add", ("mini-base",)), SilentReporter())
    workspace.packages.change(plan, INITIATOR, SilentReporter())
    assert versions(demo) == {"torch-2.9.1+cpu", "mini_base-1.5"}


@pytest.mark.usefixtures("dated")
def test_a_back_end_without_a_pytorch_of_that_day_is_told(make_environment: Make, tmp_path: Path) -> None:
    for wheel in (tmp_path / "dated" / "pytorch" / "cpu" / "torch").glob("torch-2.9*"):
        wheel.unlink()
    write_index(tmp_path / "dated" / "pytorch" / "cpu")
    with pytest.raises(BackendNotFound, match="as old as the packages that are wanted") as refused:
        make_environment(as_of="release")
    assert "a later day" in str(refused.value.hint)


@pytest.mark.parametrize("as_of", ["yesterday", "2025-13-01", "20251008", "9999-12-31", "", "2025-10-08T00:00"])
def test_a_day_that_is_none_or_has_not_come_is_refused(workspace: Workspace, as_of: str) -> None:
    with pytest.raises(InvalidSetting) as refused:
        workspace.environments.plan_creation(CreateRequest("demo", as_of=as_of), SilentReporter())
    assert refused.value.hint
    assert refused.value.context["as_of"] == as_of
