"""Python packages of a real environment: asked for, limited, removed, and everything taken back."""

import os
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from comfydock_core.core.environment import Environment
from comfydock_core.core.workspace import Workspace
from comfydock_core.models.exceptions import (
    ComfyDockError,
    FileSystemError,
    IndexChanged,
    InvalidSetting,
    LockOutdated,
    PackageChangeRefused,
    PackageNotFound,
    PackageRefused,
    PacksConflict,
    RequirementInvalid,
    RequirementsConflict,
)
from comfydock_core.models.operation import Initiator
from comfydock_core.models.packages.python_packages import PackagePlan, PackageRequest, RequirementChange
from comfydock_core.models.shared import NodeInfo
from comfydock_core.repositories.definition.tracked_packs import group_name
from comfydock_core.repositories.definition.uv_lock import read_lock
from comfydock_core.utils.reporting import SilentReporter
from tests.support.miniature import Miniature
from tests.support.projects import project
from tests.support.reporters import RecordingReporter
from tests.support.taking_back import content, refused_change, undo
from tests.support.wheels import write_index, write_wheel

INITIATOR = Initiator(("py",))
SILENT = SilentReporter()
OF_PACK = """
[dependency-groups]
fancy-{digest} = ["mini-masks"]

[tool.comfydock.nodes.fancy]
name = "fancy"
source = "registry"
version = "1.0"
registry_id = "fancy"
"""


def plan(workspace: Workspace, action: str, *words: str, **more: object) -> PackagePlan:
    request = PackageRequest(action, words, **more)  # type: ignore[arg-type]
    return workspace.packages.plan("demo", request, RecordingReporter())


def change(workspace: Workspace, action: str, *words: str, **more: object) -> PackagePlan:
    made = plan(workspace, action, *words, **more)
    workspace.packages.change(made, INITIATOR, RecordingReporter())
    return made


def refused(workspace: Workspace, action: str, *words: str, **more: object) -> ComfyDockError:
    """The error of what is refused, after seeing that nothing of the environment changed."""
    return refused_change(workspace, lambda: change(workspace, action, *words, **more))


def asked_for(environment: Environment) -> list[str]:
    return environment.manifest()["project"]["dependencies"]  # type: ignore[index, no-any-return]


def locked(environment: Environment) -> dict[str, set[str]]:
    return read_lock(environment.layout.lock).versions()


def constraints(environment: Environment) -> list[str]:
    """Those of the user."""
    return [one.constraint for one in environment.constraints() if one.kind == "user"]


def imports(environment: Environment, module: str) -> bool:
    python = f"{environment.layout.venv}/bin/python"
    return subprocess.run([python, "-c", f"import {module}"], capture_output=True).returncode == 0


# Adding


def test_a_package_arrives_with_a_lower_bound_and_goes_again_by_undo(workspace: Workspace, demo: Environment) -> None:
    before = content(workspace)
    made = change(workspace, "add", "mini-masks")
    assert made.changes == (RequirementChange("project", "mini-masks", None, "mini-masks>=2.0"),)
    assert made.redefinition.packages.added == ("mini-masks 2.0",)
    assert imports(demo, "mini_masks")
    assert demo.status().packages.state == "in-sync"
    undo(workspace)
    assert content(workspace) == before
    assert not imports(demo, "mini_masks")


def test_what_the_plan_says_is_what_is_done_and_planning_changes_nothing(
    workspace: Workspace, demo: Environment
) -> None:
    before = content(workspace)
    first = plan(workspace, "add", "mini-masks")
    assert content(workspace) == before
    second = plan(workspace, "add", "mini-masks")
    assert first.change.fingerprint == second.change.fingerprint
    workspace.packages.change(second, INITIATOR, SILENT)
    for path, planned in second.redefinition.files.items():
        assert Path(demo.layout.definition, path).read_bytes() == planned


def test_comments_of_the_manifest_and_its_other_lines_stay(workspace: Workspace, demo: Environment) -> None:
    manifest = Path(demo.layout.manifest)
    manifest.write_text(manifest.read_text().replace('"torch",\n', '"torch",  # needed\n'))
    before = manifest.read_text().splitlines()
    change(workspace, "add", "mini-masks")
    assert [line for line in manifest.read_text().splitlines() if line not in before] == ['    "mini-masks>=2.0",']
    assert '"torch",  # needed' in manifest.read_text()


@pytest.mark.parametrize(
    ("bounds", "written"),
    [("lower", ">=2.0"), ("major", ">=2.0,<3.0"), ("minor", ">=2.0,<2.1"), ("exact", "==2.0")],
)
def test_bounds_are_written_as_they_are_wanted(
    workspace: Workspace, demo: Environment, bounds: str, written: str
) -> None:
    (line,) = plan(workspace, "add", "mini-masks", bounds=bounds).changes
    assert line.after == f"mini-masks{written}"


def test_packages_go_to_a_group_of_the_user(workspace: Workspace, demo: Environment) -> None:
    change(workspace, "add", "mini-masks<2", group="My.Tools")
    assert demo.manifest()["dependency-groups"] == {"my-tools": ["mini-masks<2"]}
    change(workspace, "add", "mini-blend", group="my_tools")
    assert imports(demo, "mini_masks")
    change(workspace, "remove", "mini-masks", group="My-Tools")
    assert demo.manifest()["dependency-groups"] == {"my-tools": ["mini-blend>=1.0"]}
    change(workspace, "remove", "mini-blend", group="my-tools")
    assert "dependency-groups" not in demo.manifest()


def test_a_file_is_read_from_where_the_caller_stands(workspace: Workspace, demo: Environment, tmp_path: Path) -> None:
    (tmp_path / "wishes.txt").write_text(
        "# mine\nmini-masks<2 ; python_version >= '3.8'\n--extra-index-url https://u:p@x.invalid/\nmini-blend\n"
    )
    made = change(workspace, "add", file="wishes.txt", directory=str(tmp_path))
    assert {"mini-masks 1.0", "mini-blend 1.0"} == set(made.redefinition.packages.added)
    (note,) = made.notes
    assert "wishes.txt:3" in note and "u:p" not in note


def test_newest_versions_are_taken_when_that_is_wanted(workspace: Workspace, demo: Environment) -> None:
    change(workspace, "add", "mini-masks<2")
    change(workspace, "remove", "mini-masks")
    change(workspace, "add", "mini-masks>=1", group="first")
    change(workspace, "constrain", "mini-masks<2")
    change(workspace, "unconstrain", "mini-masks")
    assert locked(demo)["mini-masks"] == {"1.0"}
    assert plan(workspace, "add", "mini-masks>=1", group="first").nothing_to_do
    made = change(workspace, "add", "mini-masks>=1", group="first", upgrade=True)
    assert made.redefinition.packages.changed == (("mini-masks", "1.0", "2.0"),)


def test_what_is_asked_for_already_is_nothing_to_do(workspace: Workspace, demo: Environment) -> None:
    made = plan(workspace, "add", "mini-imaging")
    assert (made.nothing_to_do, made.changes) == (True, ())


def test_a_version_of_what_comfyui_asks_for_is_a_constraint(workspace: Workspace, demo: Environment) -> None:
    error = refused(workspace, "add", "mini-imaging==1.0")
    assert isinstance(error, PackageRefused)
    assert '`comfydock constraint add "mini-imaging==1.0"`' in str(error.hint)
    change(workspace, "constrain", "mini-imaging==1.0")
    assert locked(demo)["mini-imaging"] == {"1.0"}


def test_without_a_test_nothing_is_resolved_beforehand_and_a_conflict_changes_nothing(
    workspace: Workspace, demo: Environment
) -> None:
    made = plan(workspace, "add", "mini-masks", test=False)
    assert made.redefinition.relock
    assert [line.after for line in made.changes] == ["mini-masks"]
    change(workspace, "add", "mini-masks", test=False)
    assert imports(demo, "mini_masks")
    assert isinstance(refused(workspace, "add", "mini-base<1", test=False), RequirementsConflict)


def test_strictly_nothing_that_is_locked_may_change(workspace: Workspace, demo: Environment) -> None:
    change(workspace, "add", "mini-masks", test=False)
    error = refused(workspace, "add", "mini-blend", strict=True)
    assert isinstance(error, PackageChangeRefused)
    assert change(workspace, "add", "mini-blend").redefinition.packages.changed == (("mini-masks", "2.0", "1.0"),)


def test_what_collides_is_told_with_what_would_help(workspace: Workspace, demo: Environment) -> None:
    change(workspace, "add", "mini-masks>=2")
    error = refused(workspace, "add", "mini-blend")
    assert isinstance(error, PacksConflict)
    assert "you → pyproject.toml → mini-masks>=2" in error.message
    assert "you → pyproject.toml → mini-blend" in error.message
    error = refused(workspace, "add", "mini-base<1")
    assert "you → pyproject.toml → mini-base<1" in error.message


@pytest.mark.parametrize(
    "word",
    ["not a requirement !!", "", " ", "-r", "--index-url=https://x.invalid", "mini-masks==", "mini-masks @", "a>=1,,<2",
     "https://u:secret@x.invalid/a-1-py3-none-any.whl", "file:///nowhere/a-1-py3-none-any.whl", "./nowhere",
     "nowhere.whl", "~/nowhere/at/all", "x" * 5000, "a\nb"],
)  # fmt: skip
def test_words_that_are_no_requirements_change_nothing(workspace: Workspace, demo: Environment, word: str) -> None:
    error = refused(workspace, "add", word)
    assert isinstance(error, InvalidSetting)
    assert "secret" not in f"{error.message}{error.hint}{error.context}"


def test_a_package_that_no_index_has_changes_nothing(workspace: Workspace, demo: Environment) -> None:
    error = refused(workspace, "add", "mini-masks", "mini-nowhere")
    assert isinstance(error, PackageNotFound)
    assert "`mini-nowhere`" in error.message and "mini-masks" not in error.message


@pytest.mark.parametrize("text", ["mini-masks\nnot a requirement !!\n", "-r other.txt\n", "-e ./x\n", "./folder\n"])
def test_files_with_lines_that_cannot_be_followed_change_nothing(
    workspace: Workspace, demo: Environment, tmp_path: Path, text: str
) -> None:
    (tmp_path / "wishes.txt").write_text(text)
    error = refused(workspace, "add", file=str(tmp_path / "wishes.txt"))
    assert isinstance(error, RequirementInvalid)
    assert "wishes.txt" in error.message


def test_a_file_that_is_not_there_or_empty_changes_nothing(
    workspace: Workspace, demo: Environment, tmp_path: Path
) -> None:
    assert isinstance(refused(workspace, "add", file=str(tmp_path / "nowhere.txt")), FileSystemError)
    (tmp_path / "empty.txt").write_text("# nothing\n")
    assert isinstance(refused(workspace, "add", file=str(tmp_path / "empty.txt")), InvalidSetting)


def test_without_a_network_nothing_changes(
    workspace: Workspace, demo: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    assert refused(workspace, "add", "mini-masks").exit_code == 5


def test_indexes_of_this_machine_do_not_get_into_the_manifest(
    workspace: Workspace, demo: Environment, local: Miniature, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write_wheel(tmp_path / "own" / "mini-own", "mini-own", "1.0")
    write_index(tmp_path / "own")
    monkeypatch.setenv("UV_INDEX", f"mine={(tmp_path / 'own').as_uri()}")
    change(workspace, "add", "mini-own", "mini-masks")
    uv = demo.manifest()["tool"]["uv"]  # type: ignore[index]
    assert ("index" in uv, "sources" in uv) == (False, False)
    assert imports(demo, "mini_own")


def test_what_somebody_asks_for_by_name_is_not_left_out_for_what_stands_in_for_it(
    workspace: Workspace, demo: Environment
) -> None:
    with open(demo.layout.manifest, "a", encoding="utf-8") as file:
        file.write('\n[tool.comfydock.substitutes]\nmini-masks = "mini-base"\n')
    before = excluded(demo)
    change(workspace, "add", "mini-base")
    assert excluded(demo) == [*before, "mini-masks"]
    change(workspace, "add", "mini-masks", group="mine")
    assert excluded(demo) == before
    assert imports(demo, "mini_masks")
    change(workspace, "remove-group", "mine")
    assert excluded(demo) == [*before, "mini-masks"]
    change(workspace, "remove", "mini-base")
    assert excluded(demo) == before


def excluded(environment: Environment) -> list[object]:
    return environment.manifest()["tool"]["uv"].get("exclude-dependencies", [])  # type: ignore[index, no-any-return]


# PyTorch


@pytest.mark.parametrize(
    "word",
    ["torch==2.9.1+cu128", "torch @ https://x.invalid/torch-9-py3-none-any.whl",
     "https://x.invalid/torch-9.0-py3-none-any.whl", "torchvision===0.24.1+cpu"],
)  # fmt: skip
def test_a_build_of_pytorch_is_chosen_by_each_machine(workspace: Workspace, demo: Environment, word: str) -> None:
    error = refused(workspace, "add", word, group="mine")
    assert isinstance(error, PackageRefused)
    assert "comfydock backend use" in str(error.hint)


def test_a_wheel_of_pytorch_on_this_machine_is_refused_too(
    workspace: Workspace, demo: Environment, tmp_path: Path
) -> None:
    wheel = write_wheel(tmp_path, "torch", "9.0")
    assert isinstance(refused(workspace, "add", str(wheel), group="mine"), PackageRefused)


def test_a_wish_for_pytorch_keeps_the_release(workspace: Workspace, demo: Environment) -> None:
    before = constraintsof(demo)
    change(workspace, "add", "torch>=2", group="mine")
    assert constraintsof(demo) == before
    assert "sources" not in demo.manifest()["tool"]["uv"]  # type: ignore[index]
    error = refused(workspace, "add", "torch<2", group="mine")
    assert isinstance(error, PacksConflict)
    assert "torch<2" in error.message


def constraintsof(environment: Environment) -> list[str]:
    return [one.constraint for one in environment.constraints()]


def test_the_first_wish_for_pytorch_pins_a_release_that_the_back_end_has(
    workspace: Workspace, make_environment: Callable[..., Environment]
) -> None:
    demo = make_environment()
    for name in ("torchaudio", "torchvision", "torch", "mini-sampling"):
        change(workspace, "remove", name, force=True)
    change(workspace, "add", "torch")
    assert "torch" in asked_for(demo)
    assert "torch==2.9.1" in constraintsof(demo)
    assert {one.name: one.versions for one in demo.python_packages()}["torch"] == ("2.9.1+cpu",)


# Folders and files


def test_a_folder_is_editable_wherever_it_lies_also_after_undo(
    workspace: Workspace, demo: Environment, tmp_path: Path
) -> None:
    mine = project(tmp_path / "mine" / "my-tool", "my-tool")
    before = content(workspace)
    change(workspace, "add", "my-tool", editable=True, directory=str(mine.parent))
    assert demo.manifest()["tool"]["uv"]["sources"] == {"my-tool": {"path": str(mine), "editable": True}}  # type: ignore[index]
    assert imports(demo, "my_tool")
    (mine / "my_tool.py").write_text("raise ImportError\n")
    assert not imports(demo, "my_tool")
    with_tool = content(workspace)
    undo(workspace)
    assert content(workspace) == before
    undo(workspace)
    assert content(workspace) == with_tool
    change(workspace, "add", "mini-masks")
    assert demo.status().packages.state == "in-sync"


def test_a_folder_below_comfyui_is_named_by_its_way_from_there(workspace: Workspace, demo: Environment) -> None:
    place = Path(demo.layout.comfyui, "tools", "my-tool")
    project(place, "my-tool")
    change(workspace, "add", "./my-tool", editable=True, directory=str(place.parent))
    sources = demo.manifest()["tool"]["uv"]["sources"]  # type: ignore[index]
    assert sources == {"my-tool": {"path": "../ComfyUI/tools/my-tool", "editable": True}}
    assert imports(demo, "my_tool")
    change(workspace, "remove", "my-tool")
    assert "sources" not in demo.manifest()["tool"]["uv"]  # type: ignore[index]
    assert not imports(demo, "my_tool")


def test_a_wheel_on_this_machine_is_added_and_can_not_be_editable(
    workspace: Workspace, demo: Environment, tmp_path: Path
) -> None:
    wheel = write_wheel(tmp_path, "mini-own", "1.0")
    assert isinstance(refused(workspace, "add", str(wheel), editable=True), InvalidSetting)
    change(workspace, "add", wheel.name, directory=str(tmp_path))
    assert imports(demo, "mini_own")


def test_what_is_no_project_cannot_be_added(workspace: Workspace, demo: Environment, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert isinstance(refused(workspace, "add", str(tmp_path / "empty")), InvalidSetting)
    with zipfile.ZipFile(tmp_path / "broken.whl", "w"):
        pass
    assert refused(workspace, "add", str(tmp_path / "broken.whl")).exit_code != 0


def test_what_comfyui_asks_for_may_come_from_a_folder_and_keeps_its_line(
    workspace: Workspace, demo: Environment, tmp_path: Path
) -> None:
    mine = project(tmp_path / "mini-imaging", "mini-imaging", "1.7")
    made = change(workspace, "add", str(mine), editable=True)
    assert str(mine) in made.notes[0]
    assert "mini-imaging>=1.0" in asked_for(demo)
    assert locked(demo)["mini-imaging"] == {"1.7"}


def test_extras_of_what_comfyui_asks_for_belong_in_a_group(workspace: Workspace, demo: Environment) -> None:
    error = refused(workspace, "add", "mini-imaging[more]")
    assert isinstance(error, PackageRefused)
    assert "`mini-imaging>=1.0`" in error.message
    change(workspace, "add", "mini-imaging[more]", group="mine")
    assert "mini-imaging>=1.0" in asked_for(demo)


# Removing


def test_a_removed_package_takes_what_only_it_needed_with_it(workspace: Workspace, demo: Environment) -> None:
    before = content(workspace)
    change(workspace, "add", "Mini_Blend")
    made = change(workspace, "remove", "MINI.blend")
    assert set(made.redefinition.packages.removed) == {"mini-blend 1.0", "mini-masks 1.0"}
    assert Path(demo.layout.manifest).read_bytes() == before[".cec/pyproject.toml"]


def test_names_that_are_not_asked_for_are_told_with_near_ones_and_nothing_is_done(
    workspace: Workspace, demo: Environment
) -> None:
    change(workspace, "add", "mini-masks")
    error = refused(workspace, "remove", "mini-masks", "mini-maks")
    assert isinstance(error, PackageNotFound)
    assert "`mini-masks`" in str(error.hint)
    assert error.exit_code == 3
    assert isinstance(refused(workspace, "remove", "mini-masks>=2"), InvalidSetting)


def test_what_another_group_asks_for_is_told(workspace: Workspace, demo: Environment) -> None:
    change(workspace, "add", "mini-masks", group="mine")
    error = refused(workspace, "remove", "mini-masks")
    assert "comfydock py remove mini-masks --group mine" in str(error.hint)


def test_what_comfyui_asks_for_needs_force(workspace: Workspace, demo: Environment) -> None:
    error = refused(workspace, "remove", "mini-imaging")
    assert isinstance(error, PackageRefused)
    assert "requirements.txt" in error.message
    change(workspace, "remove", "mini-imaging", force=True)
    assert "mini-imaging" not in locked(demo)


def test_a_group_goes_with_its_packages_and_where_they_came_from(
    workspace: Workspace, demo: Environment, tmp_path: Path
) -> None:
    before = content(workspace)
    mine = project(tmp_path / "my-tool", "my-tool")
    change(workspace, "add", str(mine), "mini-masks", group="mine")
    made = change(workspace, "remove-group", "Mine")
    assert {(line.place, line.after) for line in made.changes} == {("mine", None)}
    assert Path(demo.layout.manifest).read_bytes().strip() == bytes(before[".cec/pyproject.toml"]).strip()  # type: ignore[call-overload]


@pytest.mark.parametrize("word", ["mnie", "", "a b", "../x"])
def test_a_group_that_is_not_there_is_told_with_near_ones(workspace: Workspace, demo: Environment, word: str) -> None:
    change(workspace, "add", "mini-masks", group="mine")
    error = refused(workspace, "remove-group", word)
    assert isinstance(error, PackageNotFound if word == "mnie" else InvalidSetting)
    if word == "mnie":
        assert "`mine`" in str(error.hint)


def test_a_group_that_another_one_includes_stays(workspace: Workspace, demo: Environment) -> None:
    change(workspace, "add", "mini-masks", group="mine")
    manifest = Path(demo.layout.manifest)
    manifest.write_text(
        manifest.read_text().replace("[dependency-groups]\n", '[dependency-groups]\nall = [{include-group = "mine"}]\n')
    )
    assert "`all` includes" in refused(workspace, "remove-group", "mine").message


def test_groups_of_node_packs_are_left_to_their_packs(workspace: Workspace, demo: Environment) -> None:
    group = group_name(NodeInfo("fancy", "fancy", "registry", "1.0", registry_id="fancy"))
    with open(demo.layout.manifest, "a", encoding="utf-8") as file:
        file.write(OF_PACK.format(digest=group.rpartition("-")[2]))
    for action, words, more in (
        ("add", ("mini-blend",), {"group": group}),
        ("remove", ("mini-masks",), {"group": group.upper()}),
        ("remove-group", (group,), {}),
    ):
        error = refused(workspace, action, *words, **more)
        assert isinstance(error, PackageRefused)
        assert "`comfydock node remove fancy`" in str(error.hint)
    assert "fancy" in str(refused(workspace, "remove", "mini-masks").hint)
    assert "mini-masks" not in {one.name for one in demo.python_packages()}
    (listed,) = [one for one in demo.python_packages(packs=True) if one.kind == "pack"]
    assert (listed.name, listed.owner) == ("mini-masks", "fancy")


# Constraints


def test_a_constraint_is_locked_and_replaced_by_name_and_goes_again(workspace: Workspace, demo: Environment) -> None:
    before = content(workspace)
    pins = constraintsof(demo)
    change(workspace, "add", "mini-masks", test=False)
    made = change(workspace, "constrain", "mini-masks<2")
    assert made.redefinition.packages.changed == (("mini-masks", "2.0", "1.0"),)
    change(workspace, "constrain", "Mini_Masks<3,>=1", "mini-base>=1")
    assert constraints(demo) == ["Mini_Masks<3,>=1", "mini-base>=1"]
    assert plan(workspace, "constrain", "mini-base>=1").nothing_to_do
    change(workspace, "unconstrain", "MINI_masks", "mini-base")
    change(workspace, "remove", "mini-masks")
    assert constraintsof(demo) == pins
    assert Path(demo.layout.manifest).read_bytes() == before[".cec/pyproject.toml"]


def test_a_constraint_that_cannot_be_met_is_explained_and_changes_nothing(
    workspace: Workspace, demo: Environment
) -> None:
    error = refused(workspace, "constrain", "mini-imaging<1")
    assert isinstance(error, PacksConflict)
    assert "you → pyproject.toml → mini-imaging<1" in error.message
    assert "ComfyUI → requirements.txt" in error.message


@pytest.mark.parametrize(
    "word", ["mini-masks", "mini-masks[x]<2", "mini-masks @ https://x.invalid/a-1-py3-none-any.whl", "<2", "", "a b",
             "mini-masks<", "-c", "https://u:secret@x.invalid/"]
)  # fmt: skip
def test_what_limits_nothing_is_no_constraint(workspace: Workspace, demo: Environment, word: str) -> None:
    error = refused(workspace, "constrain", word)
    assert isinstance(error, InvalidSetting)
    assert "secret" not in f"{error.message}{error.context}"


@pytest.mark.parametrize("word", ["torch==2.9.1", "torch===2.9.1", "torchvision!=0.24.1+cpu", "mini-accelerator==12.8"])
def test_the_release_of_pytorch_is_not_pinned_by_hand(workspace: Workspace, demo: Environment, word: str) -> None:
    assert isinstance(refused(workspace, "constrain", word), PackageRefused)


def test_the_pins_of_the_release_are_told_apart_and_stay(workspace: Workspace, demo: Environment) -> None:
    assert {one.name for one in demo.constraints() if one.kind == "pytorch"} == {"torch", "torchvision", "torchaudio"}
    error = refused(workspace, "unconstrain", "torch")
    assert isinstance(error, PackageRefused)
    change(workspace, "constrain", "torch<99")
    change(workspace, "unconstrain", "torch")
    assert "torch==2.9.1" in constraintsof(demo)


def test_a_constraint_that_is_not_there_is_told_with_near_ones(workspace: Workspace, demo: Environment) -> None:
    change(workspace, "constrain", "mini-masks<2")
    error = refused(workspace, "unconstrain", "mini-maks")
    assert isinstance(error, PackageNotFound)
    assert "`mini-masks`" in str(error.hint)


# Listing


def test_every_requirement_is_listed_with_its_version_and_who_asks(workspace: Workspace, demo: Environment) -> None:
    change(workspace, "add", "mini-masks")
    change(workspace, "add", "mini-base", group="mine")
    listed = {one.name: one for one in demo.python_packages()}
    assert (listed["mini-masks"].kind, listed["mini-masks"].versions) == ("user", ("2.0",))
    assert (listed["mini-imaging"].kind, listed["mini-imaging"].requirement) == ("comfyui", "mini-imaging>=1.0")
    assert (listed["mini-base"].kind, listed["mini-base"].owner) == ("group", "mine")
    assert listed["torch"].versions == ("2.9.1+cpu",)


def test_a_manifest_that_was_changed_by_hand_is_to_be_locked_first(workspace: Workspace, demo: Environment) -> None:
    manifest = Path(demo.layout.manifest)
    manifest.write_text(manifest.read_text().replace("dependencies = [", 'dependencies = [\n    "mini-masks",'))
    assert isinstance(refused(workspace, "add", "mini-blend"), LockOutdated)
    assert isinstance(refused(workspace, "constrain", "mini-base>=1"), LockOutdated)


def test_an_environment_that_lost_its_lock_is_listed_without_versions(workspace: Workspace, demo: Environment) -> None:
    os.unlink(demo.layout.lock)
    assert {one.versions for one in demo.python_packages() if one.name == "mini-imaging"} == {()}


def test_a_private_package_stays_of_its_index_until_it_is_asked_for_by_name(
    workspace: Workspace, demo: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = tmp_path / "private"
    write_wheel(private / "mini-masks", "mini-masks", "1.0", files={"mine.py": ""})
    write_index(private)
    monkeypatch.setenv("UV_INDEX", private.as_uri())
    change(workspace, "add", "mini-masks==1.0")
    monkeypatch.delenv("UV_INDEX")
    error = refused(workspace, "add", "mini-imaging")
    assert isinstance(error, IndexChanged)
    assert "`comfydock py add mini-masks`" in str(error.hint)
    made = change(workspace, "add", "mini-masks")
    assert "uv.lock" in made.redefinition.files
    change(workspace, "add", "mini-imaging")
