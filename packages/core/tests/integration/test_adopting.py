"""Adopting installations that were made without ComfyDock: what is taken over and told, and that nothing is lost."""

import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from comfydock_core.core.environment import Environment
from comfydock_core.core.workspace import Workspace
from comfydock_core.models.environments.adoption import (
    AdoptionAccount,
    AdoptionPlan,
    AdoptRequest,
    PackageFate,
    PackFate,
)
from comfydock_core.models.exceptions import (
    ComfyDockError,
    EnvironmentExists,
    FileSystemError,
    InstallationNotFound,
    InvalidName,
    InvalidSetting,
    ModelsDirectoryNotFound,
    PythonNotFound,
    RequirementsConflict,
    ToolMissing,
)
from comfydock_core.models.operation import Initiator, Swap
from comfydock_core.models.packs.pack_changes import PackRequest
from comfydock_core.repositories.definition.uv_lock import read_lock
from comfydock_core.utils.package_names import requirement_name
from comfydock_core.utils.reporting import SilentReporter
from tests.support import sessions
from tests.support.installations import (
    OLDER_TORCH,
    PUBLIC_REMOTE,
    Shelf,
    add_venv,
    build_shelf,
    make_checkout,
    make_git_pack,
    make_portable,
    make_registry_pack,
    seen,
)
from tests.support.miniature import BRANCH, NEWEST, Miniature, commit, git
from tests.support.reporters import RecordingReporter

AS_DEVELOPMENT = "; it is copied, and in the manifest as a development pack, which nobody else can fetch"
INITIATOR = Initiator(("adopt", "old"))
INSTALLED = {
    **{name: f"{version}+cpu" for name, version in OLDER_TORCH.items()},
    "mini_base": "1.4", "mini_imaging": "1.0", "mini_masks": "1.0", "mini_math": "2.0",
    "mini_sampling": "0.3",
}  # fmt: skip


@pytest.fixture(scope="session")
def made_shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    return build_shelf(tmp_path_factory.mktemp("shelf"))


@pytest.fixture
def shelf(made_shelf: Shelf, local: Miniature, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """Indexes that have newer versions than the installation, for both."""
    for name, value in made_shelf.variables().items():
        monkeypatch.setenv(name, value)
    return made_shelf


@pytest.fixture
def comfyui(miniature: Miniature, shelf: Shelf, tmp_path: Path) -> Path:
    """A checkout of the newest release with packages of some time ago, in a place with odd letters."""
    place = make_checkout(tmp_path / "Große Ablage ☃ 日本" / "ComfyUI", miniature)
    add_venv(place, shelf)
    return place


def plan_of(workspace: Workspace, path: Path, **options: object) -> AdoptionPlan:
    request = AdoptRequest(str(path), **{"name": "old", **options})  # type: ignore[arg-type]
    return workspace.environments.plan_adoption(request, SilentReporter())


def adopt(
    workspace: Workspace, path: Path, reporter: RecordingReporter | None = None, **options: object
) -> Environment:
    plan = plan_of(workspace, path, **options)
    workspace.environments.adopt(plan, INITIATOR, reporter or RecordingReporter())
    return workspace.open_environment(plan.name)


def names_in(workspace: Workspace) -> list[str]:
    return sessions.names_in(Path(workspace.layout.environments))


def installed(demo: Environment) -> dict[str, str]:
    (packages,) = Path(demo.layout.venv).glob("lib/python*/site-packages")
    names = [path.name.removesuffix(".dist-info") for path in packages.glob("*.dist-info")]
    return dict(sorted((name.split("-")[0], name.split("-")[1]) for name in names))


def settings(demo: Environment) -> dict[str, object]:
    found = demo.manifest_section("tool.comfydock")
    assert isinstance(found, dict)
    return found


def nodes(demo: Environment) -> dict[str, dict[str, str]]:
    found = settings(demo).get("nodes", {})
    assert isinstance(found, dict)
    return found


def head(directory: str | Path) -> str:
    return git(Path(directory), "rev-parse", "HEAD").strip()


# ComfyUI itself


def test_a_checkout_of_a_release_becomes_a_whole_environment(
    workspace: Workspace, comfyui: Path, miniature: Miniature
) -> None:
    old = adopt(workspace, comfyui)
    assert sorted(os.listdir(old.layout.root)) == [".cec", ".venv", "ComfyUI"]
    assert {key: value for key, value in settings(old).items() if key.startswith("comfyui")} == {
        "comfyui_version": NEWEST,
        "comfyui_version_type": "release",
        "comfyui_commit_sha": miniature.commits[NEWEST],
        "comfyui_repository": str(miniature.repository),
    }
    assert head(old.layout.comfyui) == miniature.commits[NEWEST]
    assert old.status().in_sync
    assert old.run(["--quick-test-for-ci"], SilentReporter()) == 0


def test_a_branch_is_adopted_on_its_branch(workspace: Workspace, comfyui: Path, miniature: Miniature) -> None:
    git(comfyui, "checkout", "--quiet", BRANCH)
    state = adopt(workspace, comfyui).status().comfyui
    assert (state.version, state.version_type, state.branch) == (BRANCH, "branch", BRANCH)
    assert state.commit == miniature.commits[BRANCH]
    assert state.matches


def test_a_tag_of_the_user_is_no_release(workspace: Workspace, comfyui: Path) -> None:
    git(comfyui, "checkout", "--quiet", "main")
    git(comfyui, "tag", "before-the-update")
    state = adopt(workspace, comfyui).status().comfyui
    assert (state.version, state.version_type) == ("main", "branch")


def test_a_detached_commit_is_adopted_as_that_commit(workspace: Workspace, comfyui: Path, miniature: Miniature) -> None:
    git(comfyui, "checkout", "--quiet", "--detach", "main")
    state = adopt(workspace, comfyui).status().comfyui
    assert (state.version, state.version_type, state.branch) == (miniature.commits["main"], "commit", None)


def test_commits_that_were_never_published_are_taken_over_and_named(workspace: Workspace, comfyui: Path) -> None:
    git(comfyui, "checkout", "--quiet", "main")
    (comfyui / "nodes.py").write_text("# mine\n")
    git(comfyui, "add", "nodes.py")
    made = git(comfyui, "-c", "user.name=Ada", "-c", "user.email=a@b.example", "commit", "-qm", "mine")
    made = head(comfyui)
    plan = plan_of(workspace, comfyui)
    old = adopt(workspace, comfyui)
    assert head(old.layout.comfyui) == made
    assert Path(old.layout.comfyui, "nodes.py").read_text() == "# mine\n"
    assert "ComfyUI: its commit is on no branch and no tag of its remote" in plan.notes


def test_files_that_were_changed_are_changed_in_the_same_way(workspace: Workspace, comfyui: Path) -> None:
    (comfyui / "nodes.py").write_text("# mine\n")
    (comfyui / "comfy/options.py").unlink()
    (comfyui / "new ☃.py").write_text("# new\n")
    git(comfyui, "add", "new ☃.py")
    git(comfyui, "mv", "folder_paths.py", "moved.py")
    old = adopt(workspace, comfyui)
    copied = Path(old.layout.comfyui)
    assert (copied / "nodes.py").read_text() == "# mine\n"
    assert (copied / "new ☃.py").read_text() == "# new\n"
    assert (copied / "moved.py").is_file()
    assert not (copied / "comfy/options.py").exists()
    assert not (copied / "folder_paths.py").exists()
    assert any(note.startswith("ComfyUI: 5 of its files differ") for note in plan_notes(workspace, comfyui))


def plan_notes(workspace: Workspace, path: Path) -> tuple[str, ...]:
    return plan_of(workspace, path, name="another").notes


def test_a_changed_file_keeps_its_mode_and_a_link_stays_a_link(workspace: Workspace, comfyui: Path) -> None:
    (comfyui / "main.py").chmod(0o755)
    (comfyui / "nodes.py").unlink()
    (comfyui / "nodes.py").symlink_to("folder_paths.py")
    copied = Path(adopt(workspace, comfyui).layout.comfyui)
    assert (copied / "main.py").stat().st_mode & 0o111 == 0o111
    assert os.readlink(copied / "nodes.py") == "folder_paths.py"


def test_a_shallow_checkout_is_adopted(
    workspace: Workspace, miniature: Miniature, shelf: Shelf, tmp_path: Path
) -> None:
    place = tmp_path / "shallow"
    git(tmp_path, "clone", "--quiet", "--depth", "1", miniature.repository.as_uri(), str(place))
    old = adopt(workspace, place)
    assert head(old.layout.comfyui) == miniature.commits["main"]
    assert old.status().in_sync


def test_a_checkout_without_a_remote_is_adopted_and_named(workspace: Workspace, comfyui: Path) -> None:
    git(comfyui, "remote", "remove", "origin")
    plan = plan_of(workspace, comfyui)
    assert "ComfyUI: its git repository has no remote" in plan.notes
    assert head(adopt(workspace, comfyui).layout.comfyui) == head(comfyui)


def test_credentials_in_the_address_of_the_remote_reach_no_file(workspace: Workspace, comfyui: Path) -> None:
    git(comfyui, "remote", "set-url", "origin", "https://me:secret@example.invalid/ComfyUI.git")
    old = adopt(workspace, comfyui)
    assert settings(old)["comfyui_repository"] == "https://example.invalid/ComfyUI.git"
    found = subprocess.run(["grep", "-rIl", "secret", old.layout.root], capture_output=True, text=True)
    assert found.stdout == ""


def test_without_git_the_version_comes_from_its_files(
    workspace: Workspace, comfyui: Path, miniature: Miniature
) -> None:
    git(comfyui, "checkout", "--quiet", "v0.2.0")
    shutil.rmtree(comfyui / ".git")
    plan = plan_of(workspace, comfyui)
    state = adopt(workspace, comfyui).status().comfyui
    assert (state.version, state.commit) == ("v0.2.0", miniature.commits["v0.2.0"])
    assert any("not a git checkout" in note for note in plan.notes)


def test_without_git_and_without_a_version_the_newest_release_is_taken_and_that_is_told(
    workspace: Workspace, comfyui: Path, miniature: Miniature
) -> None:
    shutil.rmtree(comfyui / ".git")
    (comfyui / "comfyui_version.py").unlink()
    plan = plan_of(workspace, comfyui)
    assert plan.comfyui.commit == miniature.commits[NEWEST]
    assert f"ComfyUI: its files give no version: the newest, {NEWEST}, is taken" in plan.notes


def test_a_version_that_was_never_released_is_replaced_by_the_newest_and_that_is_told(
    workspace: Workspace, comfyui: Path
) -> None:
    shutil.rmtree(comfyui / ".git")
    (comfyui / "comfyui_version.py").write_text('__version__ = "0.99.7"\n')
    plan = plan_of(workspace, comfyui)
    assert plan.comfyui.ref == NEWEST
    assert f"ComfyUI: there is no release v0.99.7: the newest, {NEWEST}, is taken" in plan.notes


def test_a_portable_folder_is_adopted_with_its_packages(workspace: Workspace, comfyui: Path, shelf: Shelf) -> None:
    shutil.rmtree(comfyui / "venv")
    portable = make_portable(comfyui.parent / "Portable Öffnung", comfyui, shelf)
    plan = plan_of(workspace, portable)
    assert (plan.python, plan.torch_backend, plan.installation.portable) == ("3.11", "cpu", True)
    assert installed(adopt(workspace, portable)) == INSTALLED


# Python packages


def test_the_versions_that_are_installed_are_locked_and_installed(workspace: Workspace, comfyui: Path) -> None:
    old = adopt(workspace, comfyui)
    assert installed(old) == INSTALLED
    locked = read_lock(old.layout.lock).versions()
    assert locked["torch"] == {"2.8.0"}
    assert locked["mini-imaging"] == {"1.0"}
    assert old.status().packages.state == "in-sync"


def test_nothing_keeps_later_changes_from_newer_versions(workspace: Workspace, comfyui: Path) -> None:
    """The versions are in the lock, not in the manifest, but for the release of PyTorch."""
    uv = adopt(workspace, comfyui).manifest_section("tool.uv")
    assert isinstance(uv, dict)
    assert uv["constraint-dependencies"] == [f"{name}=={version}" for name, version in OLDER_TORCH.items()]


def test_the_back_end_is_that_of_the_installed_torch(workspace: Workspace, comfyui: Path) -> None:
    rename_torch(comfyui, "2.9.1+cu128")
    plan = plan_of(workspace, comfyui)
    assert plan.torch_backend == "cu128"


def test_torch_of_the_general_index_has_the_back_end_that_it_was_built_for(workspace: Workspace, comfyui: Path) -> None:
    rename_torch(comfyui, "2.8.0")
    (packages,) = comfyui.glob("venv/lib/python*/site-packages")
    (packages / "torch/version.py").write_text("__version__ = '2.8.0+cu128'\n")
    old = adopt(workspace, comfyui)
    assert (old.status().torch_backend, installed(old)["torch"]) == ("cu128", "2.8.0+cu128")


def rename_torch(comfyui: Path, version: str) -> None:
    """Let the installed torch claim to be another build."""
    (info,) = comfyui.glob("venv/lib/python*/site-packages/torch-*.dist-info")
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: torch\nVersion: {version}\n")


@pytest.mark.parametrize("version", ["2.9.1+git1234abc", "2.9.1+cu128.debug", "2.9.1"])
def test_a_build_that_names_no_back_end_gives_the_one_of_this_machine(
    workspace: Workspace, comfyui: Path, version: str, fake_program: Callable[[str, str], Path]
) -> None:
    fake_program("nvidia-smi", "echo 'CUDA Version: 12.8'")
    rename_torch(comfyui, version)
    assert plan_of(workspace, comfyui).torch_backend == "cu128"


def test_the_back_end_that_is_asked_for_goes_first(workspace: Workspace, comfyui: Path) -> None:
    old = adopt(workspace, comfyui, torch_backend="cu128")
    assert installed(old)["torch"] == "2.8.0+cu128"
    assert old.status().torch_backend == "cu128"


def test_without_torch_nothing_of_it_is_installed(workspace: Workspace, comfyui: Path) -> None:
    old = adopt(workspace, comfyui, torch_backend="none")
    assert not [name for name in installed(old) if name.startswith("torch")]


def test_a_back_end_that_is_none_is_refused(workspace: Workspace, comfyui: Path) -> None:
    with pytest.raises(InvalidSetting):
        plan_of(workspace, comfyui, torch_backend="cuda")


def test_without_packages_the_newest_are_taken_and_that_is_told(workspace: Workspace, comfyui: Path) -> None:
    shutil.rmtree(comfyui / "venv")
    plan = plan_of(workspace, comfyui, torch_backend="cpu")
    assert any(note.startswith("Python: there is no virtual environment") for note in plan.notes)
    assert installed(adopt(workspace, comfyui, torch_backend="cpu"))["mini_imaging"] == "1.1"


def add_distribution(comfyui: Path, name: str, version: str, more: str = "") -> None:
    (packages,) = comfyui.glob("venv/lib/python*/site-packages")
    info = packages / f"{name}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{more}")


def package_of(account: AdoptionAccount, name: str) -> PackageFate:
    (found,) = [fate for fate in account.packages if fate.name == name]
    return found


def own_requirements(old: Environment) -> list[str]:
    """What the manifest asks for beyond ComfyUI's own lines."""
    project = old.manifest()["project"]
    assert isinstance(project, dict)
    theirs = Path(old.layout.comfyui, "requirements.txt").read_text()
    return [text for text in project["dependencies"] if requirement_name(text) not in theirs]


def test_what_was_installed_by_hand_becomes_a_requirement_of_ones_own(workspace: Workspace, comfyui: Path) -> None:
    add_distribution(comfyui, "mini_choice", "2.0")
    plan = plan_of(workspace, comfyui)
    done = workspace.environments.adopt(plan, INITIATOR, SilentReporter())
    old = workspace.open_environment("old")
    assert sorted(own_requirements(old)) == ["mini-choice>=2.0", "mini-masks>=1.0"]
    assert installed(old) == {**INSTALLED, "mini_choice": "2.0"}
    assert package_of(plan.account, "mini_choice").fate == "own"
    assert package_of(done.account, "mini_choice") == PackageFate(
        "mini_choice", "2.0", "own", "mini-choice>=2.0", "2.0"
    )
    assert old.status().in_sync


def test_what_no_index_has_is_left_out_with_the_reason_and_the_rest_is_kept(
    workspace: Workspace, comfyui: Path
) -> None:
    for name, version in (("leftover", "9.9"), ("mini_choice", "2.5"), ("mini_blend", "1.0"), ("mini_windows", "1.0")):
        add_distribution(comfyui, name, version)
    done = workspace.environments.adopt(plan_of(workspace, comfyui), INITIATOR, SilentReporter())
    old = workspace.open_environment("old")
    leftover, choice = package_of(done.account, "leftover"), package_of(done.account, "mini_choice")
    assert (leftover.fate, leftover.reason) == ("left-out", "no index has it")
    assert (choice.fate, choice.reason) == ("left-out", "no index has this version, but 3.0")
    assert choice.advice == "`comfydock -e old py add mini_choice`"
    assert "left out: leftover 9.9: no index has it; `comfydock -e old py add leftover` takes it in" in done.notes
    assert {"mini_windows"} <= installed(old).keys()
    assert not {"leftover", "mini_choice"} & installed(old).keys()


def add_source_archive(index: Path, name: str, version: str) -> None:
    """A package without wheels, whose metadata can be read and which cannot be built."""
    place = index / name
    place.mkdir(exist_ok=True)
    archive = place / f"{name.replace('-', '_')}-{version}.tar.gz"
    files = {
        "PKG-INFO": f"Metadata-Version: 2.2\nName: {name}\nVersion: {version}\n",
        "pyproject.toml": f'[project]\nname = "{name}"\nversion = "{version}"\n[build-system]\nrequires = []\n'
        'build-backend = "broken"\nbackend-path = ["."]\n',
        "broken.py": "raise SystemExit('there is no compiler')\n",
    }
    with tarfile.open(archive, "w:gz") as made:
        for file, text in files.items():
            entry = tarfile.TarInfo(f"{name.replace('-', '_')}-{version}/{file}")
            entry.size = len(text)
            made.addfile(entry, io.BytesIO(text.encode()))
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    (place / "index.html").write_text(f'<a href="{archive.name}#sha256={digest}">{archive.name}</a>')


def test_a_package_by_hand_that_cannot_be_built_here_costs_nothing_but_itself(
    workspace: Workspace, comfyui: Path, shelf: Shelf
) -> None:
    add_source_archive(shelf.index, "mini-compiled", "1.0")
    add_distribution(comfyui, "mini_compiled", "1.0")
    add_distribution(comfyui, "mini_choice", "2.0")
    reporter = RecordingReporter()
    done = workspace.environments.adopt(plan_of(workspace, comfyui), INITIATOR, reporter)
    old = workspace.open_environment("old")
    fate = package_of(done.account, "mini_compiled")
    assert (fate.fate, fate.reason) == ("left-out", "uv cannot install it on this machine, as it said above")
    assert any("there is no compiler" in warning for warning in reporter.warnings)
    assert installed(old) == {**INSTALLED, "mini_choice": "2.0"}
    assert sorted(own_requirements(old)) == ["mini-choice>=2.0", "mini-masks>=1.0"]
    assert old.status().in_sync


def test_what_came_from_elsewhere_than_an_index_is_left_out_with_the_way_to_have_it(
    workspace: Workspace, comfyui: Path
) -> None:
    origins = {
        "wheel": {"url": "file:///disk/wheel-1.0-py3-none-any.whl", "archive_info": {}},
        "project": {"url": "file:///disk/project", "dir_info": {"editable": True}},
        "branch": {"url": "https://h.example/a.git", "vcs_info": {"vcs": "git", "commit_id": "f" * 40}},
    }
    for name, told in origins.items():
        add_distribution(comfyui, name, "1.0")
        (info,) = comfyui.glob(f"venv/lib/python*/site-packages/{name}-1.0.dist-info")
        (info / "direct_url.json").write_text(json.dumps(told))
    account = plan_of(workspace, comfyui).account
    assert {name: package_of(account, name).fate for name in origins} == dict.fromkeys(origins, "left-out")
    assert [package_of(account, name).advice for name in origins] == [
        "`comfydock -e old py add '/disk/wheel-1.0-py3-none-any.whl'`",
        "`comfydock -e old py add --editable '/disk/project'`",
        f"`comfydock -e old py add 'branch @ git+https://h.example/a.git@{'f' * 40}'`",
    ]


def test_what_only_a_package_asks_for_that_is_left_out_goes_with_it(workspace: Workspace, comfyui: Path) -> None:
    add_distribution(comfyui, "wheel_of_mine", "1.0", "Requires-Dist: mini-choice\n")
    (info,) = comfyui.glob("venv/lib/python*/site-packages/wheel_of_mine-1.0.dist-info")
    (info / "direct_url.json").write_text(json.dumps({"url": "file:///disk/a.whl", "archive_info": {}}))
    add_distribution(comfyui, "mini_choice", "2.0")
    fate = package_of(plan_of(workspace, comfyui).account, "mini_choice")
    assert (fate.fate, fate.reason) == ("left-out", "only wheel_of_mine asks for it, which is left out")


def test_tools_and_what_belongs_to_other_builds_of_pytorch_are_left_out(workspace: Workspace, comfyui: Path) -> None:
    for name in ("pip", "nvidia_cublas_cu11", "triton"):
        add_distribution(comfyui, name, "1.0")
    account = plan_of(workspace, comfyui).account
    assert "tools that install" in (package_of(account, "pip").reason or "")
    assert "a build of PyTorch" in (package_of(account, "nvidia_cublas_cu11").reason or "")
    assert package_of(account, "triton").fate == "left-out"


def test_of_two_builds_of_opencv_that_were_installed_by_hand_one_is_kept(workspace: Workspace, comfyui: Path) -> None:
    for name in ("opencv_python", "opencv_python_headless"):
        add_distribution(comfyui, name, "4.10")
    done = workspace.environments.adopt(plan_of(workspace, comfyui), INITIATOR, SilentReporter())
    old = workspace.open_environment("old")
    assert {name: version for name, version in installed(old).items() if name.startswith("opencv")} == {
        "opencv_contrib_python_headless": "4.10",
    }  # fmt: skip
    assert "which holds the same files" in (package_of(done.account, "opencv_python").reason or "")
    assert "which holds the same files" in (package_of(done.account, "opencv_python_headless").reason or "")


def test_every_package_of_the_installation_is_accounted_for(workspace: Workspace, comfyui: Path) -> None:
    add_distribution(comfyui, "leftover", "9.9")
    plan = plan_of(workspace, comfyui)
    assert plan.installation.python is not None
    names = {one.name for one in plan.installation.python.distributions}
    done = workspace.environments.adopt(plan, INITIATOR, SilentReporter())
    for account in (plan.account, done.account):
        assert {fate.name for fate in account.packages} == names
        assert all(fate.reason for fate in account.packages if fate.fate == "left-out")
    assert all(fate.now for fate in done.account.packages if fate.fate != "left-out")


def test_versions_that_are_no_versions_hinder_nothing(workspace: Workspace, comfyui: Path) -> None:
    add_distribution(comfyui, "strange", "no version at all")
    add_distribution(comfyui, "dated", "2004d-custom")
    assert installed(adopt(workspace, comfyui)) == INSTALLED


def test_two_versions_of_one_package_do_not_cost_the_versions_of_the_others(
    workspace: Workspace, comfyui: Path
) -> None:
    """pip leaves such directories when it is stopped."""
    add_distribution(comfyui, "mini_imaging", "1.1")
    plan = plan_of(workspace, comfyui)
    found = installed(adopt(workspace, comfyui))
    assert {**found, "mini_imaging": ""} == {**INSTALLED, "mini_imaging": ""}
    assert any(note.startswith("mini-imaging: it is installed in several versions") for note in plan.notes)


def test_a_version_that_does_not_fit_is_replaced_and_the_others_are_kept(workspace: Workspace, comfyui: Path) -> None:
    """pip installs what does not fit together, so this is how most installations of some age are."""
    make_git_pack(comfyui / "custom_nodes/Masks", requires="mini-masks>=2\n")
    reporter = RecordingReporter()
    old = adopt(workspace, comfyui, reporter)
    assert installed(old) == {**INSTALLED, "mini_masks": "2.0"}
    assert [warning for warning in reporter.warnings if "mini-masks" in warning]


def test_a_version_that_no_index_has_any_more_is_replaced_and_the_others_are_kept(
    workspace: Workspace, comfyui: Path
) -> None:
    shutil.rmtree(next(comfyui.glob("venv/lib/python*/site-packages/mini_imaging-1.0.dist-info")))
    add_distribution(comfyui, "mini_imaging", "1.0.5")
    assert installed(adopt(workspace, comfyui)) == {**INSTALLED, "mini_imaging": "1.1"}


def test_accelerators_of_another_build_do_not_cost_the_release(workspace: Workspace, comfyui: Path) -> None:
    add_distribution(comfyui, "mini_accelerator", "11.0")
    old = adopt(workspace, comfyui, torch_backend="cu128")
    assert (installed(old)["torch"], installed(old)["mini_accelerator"]) == ("2.8.0+cu128", "12.8")


def test_a_release_that_no_index_has_is_replaced_and_that_is_told(workspace: Workspace, comfyui: Path) -> None:
    rename_torch(comfyui, "2.8.0.dev20250601+cpu")
    reporter = RecordingReporter()
    found = installed(adopt(workspace, comfyui, reporter))
    assert (found["torch"], found["mini_imaging"]) == ("2.9.1+cpu", "1.0")
    assert [warning for warning in reporter.warnings if "torch==2.8.0.dev20250601" in warning]


def test_a_release_that_a_pack_refuses_is_replaced_and_that_is_told(workspace: Workspace, comfyui: Path) -> None:
    make_git_pack(comfyui / "custom_nodes/Modern", requires="torch>=2.9\n")
    reporter = RecordingReporter()
    found = installed(adopt(workspace, comfyui, reporter))
    assert (found["torch"], found["mini_imaging"]) == ("2.9.1+cpu", "1.0")
    assert [warning for warning in reporter.warnings if "another release of PyTorch is taken" in warning]


def test_another_python_may_be_asked_for(workspace: Workspace, comfyui: Path) -> None:
    assert plan_of(workspace, comfyui, python="3.12").python == "3.12"
    with pytest.raises(InvalidSetting):
        plan_of(workspace, comfyui, python="four")


def test_a_python_that_this_machine_lacks_is_told_and_another_one_helps(workspace: Workspace, comfyui: Path) -> None:
    (comfyui / "venv/pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.99.1\n")
    with pytest.raises(PythonNotFound) as caught:
        adopt(workspace, comfyui)
    assert "`--python 3.12`" in (caught.value.hint or "")
    assert names_in(workspace) == []
    assert installed(adopt(workspace, comfyui, python="3.11")) == INSTALLED


@pytest.mark.parametrize("version", ["2.7.18", "3", ""])
def test_a_python_that_no_environment_can_have_is_replaced(workspace: Workspace, comfyui: Path, version: str) -> None:
    (comfyui / "venv/pyvenv.cfg").write_text(f"home = /usr/bin\nversion = {version}\n")
    assert plan_of(workspace, comfyui).python == "3.11"


def test_without_uv_the_plan_says_so(workspace: Workspace, comfyui: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMFYDOCK_UV", "/nowhere/uv")
    with pytest.raises(ToolMissing, match="COMFYDOCK_UV"):
        plan_of(workspace, comfyui)


# Node packs


def test_a_pack_from_git_is_taken_over_with_its_repository_and_its_requirements(
    workspace: Workspace, comfyui: Path
) -> None:
    made = make_git_pack(comfyui / "custom_nodes/Fancy", requires="mini-choice\n# a comment\n\n")
    old = adopt(workspace, comfyui)
    assert nodes(old) == {
        "Fancy": {"name": "Fancy", "repository": PUBLIC_REMOTE, "version": made, "source": "git", "branch": "main"},
    }
    assert head(f"{old.layout.custom_nodes}/Fancy") == made
    assert installed(old)["mini_choice"] == "3.0"
    (group,) = old.manifest()["dependency-groups"].values()  # type: ignore[attr-defined]
    assert group == ["mini-choice"]
    assert old.status().in_sync


def test_a_pack_with_changes_is_taken_over_with_them_and_named(workspace: Workspace, comfyui: Path) -> None:
    pack = comfyui / "custom_nodes/Fancy"
    make_git_pack(pack)
    (pack / "nodes.py").write_text("mine\n")
    (pack / "weights.bin").write_bytes(b"downloaded by the pack")
    plan = plan_of(workspace, comfyui)
    old = adopt(workspace, comfyui)
    copied = Path(old.layout.custom_nodes, "Fancy")
    assert ((copied / "nodes.py").read_text(), (copied / "weights.bin").read_bytes()) == (
        "mine\n", b"downloaded by the pack",
    )  # fmt: skip
    assert "custom_nodes/Fancy: some of its files differ from its commit; it is copied as it is" in plan.notes


def test_a_pack_whose_commit_was_never_published_is_named(workspace: Workspace, comfyui: Path) -> None:
    make_git_pack(comfyui / "custom_nodes/Fancy", published=False)
    plan = plan_of(workspace, comfyui)
    assert (
        "custom_nodes/Fancy: its commit is on no branch and no tag of its remote; it is copied as it is" in plan.notes
    )
    assert nodes(adopt(workspace, comfyui))["Fancy"]["source"] == "git"


def test_a_pack_from_git_without_a_remote_is_a_development_pack(workspace: Workspace, comfyui: Path) -> None:
    make_git_pack(comfyui / "custom_nodes/Mine", remote=None)
    plan = plan_of(workspace, comfyui)
    old = adopt(workspace, comfyui)
    assert nodes(old) == {"Mine": {"name": "Mine", "version": "dev", "source": "development"}}
    assert f"custom_nodes/Mine: its git repository has no remote{AS_DEVELOPMENT}" in plan.notes
    assert Path(old.layout.custom_nodes, "Mine/.git").is_dir()


def test_a_pack_from_the_registry_keeps_its_identifier_and_version(workspace: Workspace, comfyui: Path) -> None:
    make_registry_pack(comfyui / "custom_nodes/comfyui-fancy", "comfyui-fancy", "1.2.0")
    plan = plan_of(workspace, comfyui)
    old = adopt(workspace, comfyui)
    assert nodes(old)["comfyui-fancy"] == {
        "name": "comfyui-fancy", "registry_id": "comfyui-fancy", "version": "1.2.0", "source": "registry",
    }  # fmt: skip
    assert not [note for note in plan.notes if "fancy" in note]


def test_packs_of_one_identifier_are_all_in_the_manifest(workspace: Workspace, comfyui: Path) -> None:
    for name in ("A", "Fancy-copy"):
        make_registry_pack(comfyui / f"custom_nodes/{name}", "fancy", "1.2.0")
    make_git_pack(comfyui / "custom_nodes/fancy")
    old = adopt(workspace, comfyui)
    assert sorted(entry["name"] for entry in nodes(old).values()) == ["A", "Fancy-copy", "fancy"]
    assert old.status().packs.untracked == []


def test_directories_and_single_files_are_taken_over_and_named(workspace: Workspace, comfyui: Path) -> None:
    (comfyui / "custom_nodes/Plain ☃/__pycache__").mkdir(parents=True)
    (comfyui / "custom_nodes/Plain ☃/nodes.py").write_text("one = 1\n")
    (comfyui / "custom_nodes/single.py").write_text("two = 2\n")
    plan = plan_of(workspace, comfyui)
    old = adopt(workspace, comfyui)
    packs = Path(old.layout.custom_nodes)
    assert (packs / "single.py").read_text() == "two = 2\n"
    assert os.listdir(packs / "Plain ☃") == ["nodes.py"]
    assert [entry["source"] for entry in nodes(old).values()] == ["development"]
    assert {f"custom_nodes/Plain ☃: it is neither a git checkout nor an installation from the registry{AS_DEVELOPMENT}",
            "custom_nodes/single.py: a single file has no origin to fetch it from; it is copied, and not in the"
            " manifest",
            } <= set(plan.notes)  # fmt: skip


def test_packs_that_are_turned_off_are_tracked_and_can_be_turned_on(workspace: Workspace, comfyui: Path) -> None:
    packs = comfyui / "custom_nodes"
    make_git_pack(packs / "Old.disabled", requires="mini-choice==1.0\n")
    make_registry_pack(packs / ".disabled/older@1_0", "older", "1.0")
    (packs / "single.py.disabled").write_text("")
    old = adopt(workspace, comfyui)
    assert {name: (entry["source"], entry["enabled"]) for name, entry in nodes(old).items()} == {
        "Old": ("git", False), "older": ("registry", False),
    }  # fmt: skip
    copied = Path(old.layout.custom_nodes)
    for name in ("Old.disabled/nodes.py", "older.disabled/nodes.py", "single.py.disabled"):
        assert (copied / name).is_file(), name
    assert not (copied / ".disabled").exists()
    assert installed(old)["mini_choice"] == "1.0"
    request = PackRequest("enable", ("Old", "older"))
    planned = workspace.packs.plan("old", request, SilentReporter())
    workspace.packs.change(planned, INITIATOR, SilentReporter())
    assert (copied / "Old/nodes.py").is_file()
    assert (copied / "older/nodes.py").is_file()
    assert old.status().packs.untracked == []


def test_a_pack_that_is_turned_off_and_asks_for_too_much_costs_nothing_but_its_entry(
    workspace: Workspace, comfyui: Path
) -> None:
    make_git_pack(comfyui / "custom_nodes/Old.disabled", requires="mini-choice==99\n")
    make_git_pack(comfyui / "custom_nodes/Other.disabled", requires="mini-choice\n")
    plan = plan_of(workspace, comfyui)
    done = workspace.environments.adopt(plan, INITIATOR, SilentReporter())
    old = workspace.open_environment("old")
    assert list(nodes(old)) == ["Other"]
    assert Path(old.layout.custom_nodes, "Old.disabled/nodes.py").is_file()
    fate = fate_of(done.account, "Old.disabled")
    assert (fate.fate, fate.pack) == ("copied", None)
    assert "mini-choice==99" in fate.notes[-2]
    assert "`comfydock node add Old --dev`" in fate.notes[-1]
    assert old.status().in_sync


def fate_of(account: AdoptionAccount, place: str) -> PackFate:
    (found,) = [fate for fate in account.packs if fate.place == place]
    return found


def test_a_pack_that_is_there_on_and_off_is_tracked_twice_under_two_names(workspace: Workspace, comfyui: Path) -> None:
    make_git_pack(comfyui / "custom_nodes/Fancy")
    make_git_pack(comfyui / "custom_nodes/Fancy.disabled")
    old = adopt(workspace, comfyui)
    assert {entry["name"]: entry.get("enabled", True) for entry in nodes(old).values()} == {
        "Fancy": True, "Fancy-2": False,
    }  # fmt: skip
    assert Path(old.layout.custom_nodes, "Fancy-2.disabled/nodes.py").is_file()
    assert not Path(old.layout.custom_nodes, "Fancy.disabled").exists()
    assert any("this one is called `Fancy-2`" in note for note in plan_notes(workspace, comfyui))


def test_a_linked_pack_is_linked_again_and_what_it_leads_to_stays(
    workspace: Workspace, comfyui: Path, tmp_path: Path
) -> None:
    make_git_pack(tmp_path / "work/Fancy", requires="mini-choice\n")
    (comfyui / "custom_nodes/Fancy").symlink_to(tmp_path / "work/Fancy")
    before = seen(tmp_path / "work")
    old = adopt(workspace, comfyui)
    assert os.readlink(f"{old.layout.custom_nodes}/Fancy") == str(tmp_path / "work/Fancy")
    assert nodes(old)["Fancy"]["source"] == "development"
    assert installed(old)["mini_choice"] == "3.0"
    assert seen(tmp_path / "work") == before


def test_a_link_that_leads_into_the_installation_becomes_a_copy(workspace: Workspace, comfyui: Path) -> None:
    make_git_pack(comfyui / "packs/Fancy")
    (comfyui / "custom_nodes/Fancy").symlink_to("../packs/Fancy")
    plan = plan_of(workspace, comfyui)
    old = adopt(workspace, comfyui)
    copied = Path(old.layout.custom_nodes, "Fancy")
    assert not copied.is_symlink()
    assert (copied / "nodes.py").read_text() == "one = 1\n"
    assert nodes(old)["Fancy"]["source"] == "git"
    assert (
        f"custom_nodes/Fancy: it was a link to `{comfyui}/packs/Fancy`, in the installation itself; it is copied as it"
        " is" in plan.notes
    )


def test_links_in_a_pack_that_lead_into_the_installation_are_named(workspace: Workspace, comfyui: Path) -> None:
    make_git_pack(comfyui / "custom_nodes/Fancy")
    (comfyui / "custom_nodes/Fancy/models").symlink_to(comfyui / "models")
    (comfyui / "custom_nodes/Fancy/own").symlink_to("nodes.py")
    notes = plan_notes(workspace, comfyui)
    assert "custom_nodes/Fancy: links in it still lead into the installation: models; it is copied as it is" in notes


def test_what_is_no_pack_among_the_custom_nodes_is_copied_or_named(workspace: Workspace, comfyui: Path) -> None:
    packs = comfyui / "custom_nodes"
    (packs / "Gone").symlink_to("/nowhere/at/all")
    (packs / "gone.py").symlink_to("/nowhere/at/all.py")
    (packs / "notes.txt").write_text("mine\n")
    (packs / "more.txt").symlink_to(comfyui / "README.md")
    (comfyui / "README.md").write_text("read me")
    (packs / ".settings").mkdir()
    (packs / ".settings/one").write_text("1")
    (packs / "__pycache__").mkdir()
    (packs / "Empty/__pycache__").mkdir(parents=True)
    os.mkfifo(packs / "pipe")
    plan = plan_of(workspace, comfyui)
    old = adopt(workspace, comfyui)
    copied = Path(old.layout.custom_nodes)
    assert nodes(old) == {}
    assert ((copied / "notes.txt").read_text(), (copied / ".settings/one").read_text()) == ("mine\n", "1")
    assert {name for name in os.listdir(packs) if not os.path.lexists(copied / name)} == {
        "Gone", "gone.py", "__pycache__", "Empty", "pipe",
    }  # fmt: skip
    assert {
        "custom_nodes/Gone: it is left out: it is a link to `/nowhere/at/all`, which is not there",
        "custom_nodes/notes.txt: it is not a node pack; it is copied as it is",
        f"custom_nodes/more.txt: it was a link to `{comfyui}/README.md`; it is not a node pack; it is copied as it is",
        "custom_nodes/Empty: it is left out: it is empty, as git leaves a submodule that was never fetched",
        "custom_nodes/pipe: it is left out: it is neither a file nor a directory",
    } <= set(plan.notes)


def test_a_name_that_no_manifest_can_have_is_copied_and_named(workspace: Workspace, comfyui: Path) -> None:
    name = os.fsdecode(b"caf\xe9")
    make_git_pack(comfyui / "custom_nodes" / name)
    make_git_pack(comfyui / "custom_nodes/two\nlines")
    plan = plan_of(workspace, comfyui)
    old = adopt(workspace, comfyui)
    assert nodes(old) == {}
    assert Path(old.layout.custom_nodes, name, "nodes.py").is_file()
    assert Path(old.layout.custom_nodes, "two\nlines", "nodes.py").is_file()
    assert len([note for note in plan.notes if "no manifest can have such a name" in note]) == 2


def test_a_name_without_latin_letters_is_as_good_as_any(workspace: Workspace, comfyui: Path) -> None:
    make_git_pack(comfyui / "custom_nodes/節点", requires="mini-choice\n")
    old = adopt(workspace, comfyui)
    assert (list(nodes(old)), installed(old)["mini_choice"]) == (["節点"], "3.0")


# Checkouts that are not all in one place


def moved_away(comfyui: Path, tmp_path: Path) -> None:
    """What the new environment does not need must not be missed."""
    comfyui.rename(tmp_path / "moved away")


def is_whole(pack: Path) -> bool:
    git(pack, "fsck", "--connectivity-only")
    return (pack / ".git").is_dir()


def test_a_worktree_becomes_a_checkout_of_its_own(workspace: Workspace, comfyui: Path, tmp_path: Path) -> None:
    made = make_git_pack(comfyui / "packs/Fancy")
    pack = comfyui / "custom_nodes/Fancy"
    git(comfyui / "packs/Fancy", "worktree", "add", "--quiet", "-b", "tried", str(pack))
    (pack / "nodes.py").write_text("mine\n")
    (pack / "new.py").write_text("new\n")
    plan = plan_of(workspace, comfyui)
    old = adopt(workspace, comfyui)
    moved_away(comfyui, tmp_path)
    copied = Path(old.layout.custom_nodes, "Fancy")
    assert is_whole(copied)
    assert (head(copied), git(copied, "branch", "--show-current").strip()) == (made, "tried")
    assert git(copied, "status", "--porcelain").splitlines() == [" M nodes.py", "?? new.py"]
    assert git(copied, "config", "remote.origin.url").strip() == PUBLIC_REMOTE
    assert sorted(os.listdir(copied)) == [".git", "new.py", "nodes.py"]
    (note,) = [note for note in plan.notes if note.startswith("custom_nodes/Fancy")]
    assert "it becomes a checkout of its own" in note


def test_a_submodule_of_comfyui_is_a_pack_with_its_own_repository(
    workspace: Workspace, comfyui: Path, tmp_path: Path
) -> None:
    made = make_git_pack(tmp_path / "far/Fancy", remote=None, requires="mini-choice\n")
    git(comfyui, "checkout", "--quiet", "main")
    words = ["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "--force"]
    git(comfyui, *words, (tmp_path / "far/Fancy").as_uri(), "custom_nodes/Fancy")
    git(comfyui, "-c", "user.name=Ada", "-c", "user.email=a@b.example", "commit", "-qm", "mine")
    old = adopt(workspace, comfyui)
    moved_away(comfyui, tmp_path)
    copied = Path(old.layout.custom_nodes, "Fancy")
    assert (is_whole(copied), head(copied)) == (True, made)
    assert (nodes(old)["Fancy"]["source"], installed(old)["mini_choice"]) == ("git", "3.0")
    assert old.status().in_sync


def test_a_worktree_of_a_damaged_repository_is_copied_without_git(workspace: Workspace, comfyui: Path) -> None:
    make_git_pack(comfyui / "packs/Fancy")
    git(comfyui / "packs/Fancy", "worktree", "add", "--quiet", "-b", "tried", str(comfyui / "custom_nodes/Fancy"))
    blob = git(comfyui / "packs/Fancy", "rev-parse", "HEAD:nodes.py").strip()
    (comfyui / f"packs/Fancy/.git/objects/{blob[:2]}/{blob[2:]}").unlink()
    plan = plan_of(workspace, comfyui)
    old = adopt(workspace, comfyui)
    assert os.listdir(f"{old.layout.custom_nodes}/Fancy") == ["nodes.py"]
    assert nodes(old)["Fancy"]["source"] == "development"
    (note,) = [note for note in plan.notes if note.startswith("custom_nodes/Fancy")]
    assert "1 object of its commit is missing" in note
    assert "its files are copied without git" in note


def test_a_repository_that_a_link_leads_to_is_copied(workspace: Workspace, comfyui: Path, tmp_path: Path) -> None:
    made = make_git_pack(comfyui / "custom_nodes/Fancy")
    shutil.move(comfyui / "custom_nodes/Fancy/.git", comfyui / "kept.git")
    (comfyui / "custom_nodes/Fancy/.git").symlink_to(comfyui / "kept.git")
    old = adopt(workspace, comfyui)
    moved_away(comfyui, tmp_path)
    copied = Path(old.layout.custom_nodes, "Fancy")
    assert not (copied / ".git").is_symlink()
    assert (is_whole(copied), head(copied)) == (True, made)


def test_a_checkout_that_borrows_objects_gets_them(workspace: Workspace, comfyui: Path, tmp_path: Path) -> None:
    make_git_pack(comfyui / "packs/Fancy")
    git(comfyui, "clone", "--quiet", "--shared", str(comfyui / "packs/Fancy"), str(comfyui / "custom_nodes/Fancy"))
    old = adopt(workspace, comfyui)
    moved_away(comfyui, tmp_path)
    assert is_whole(Path(old.layout.custom_nodes, "Fancy"))


def test_comfyui_itself_gets_the_objects_that_it_borrows(
    workspace: Workspace, miniature: Miniature, shelf: Shelf, tmp_path: Path
) -> None:
    git(tmp_path, "clone", "--quiet", str(miniature.repository), "lender")
    git(tmp_path, "clone", "--quiet", "--shared", "lender", "borrower")
    old = adopt(workspace, tmp_path / "borrower", torch_backend="cpu")
    (tmp_path / "lender").rename(tmp_path / "moved away")
    assert is_whole(Path(old.layout.comfyui))


def test_a_checkout_whose_repository_is_gone_is_copied_without_git_and_named(
    workspace: Workspace, comfyui: Path
) -> None:
    pack = comfyui / "custom_nodes/Fancy"
    pack.mkdir()
    (pack / "nodes.py").write_text("one = 1\n")
    (pack / ".git").write_text("gitdir: /nowhere/at/all/.git/worktrees/Fancy\n")
    plan = plan_of(workspace, comfyui)
    old = adopt(workspace, comfyui)
    assert os.listdir(f"{old.layout.custom_nodes}/Fancy") == ["nodes.py"]
    assert nodes(old)["Fancy"]["source"] == "development"
    (note,) = [note for note in plan.notes if note.startswith("custom_nodes/Fancy")]
    assert note.startswith("custom_nodes/Fancy: its git repository `/nowhere/at/all/.git/worktrees/Fancy` is not there")
    assert "its files are copied without git" in note


def test_a_checkout_with_missing_objects_is_named(workspace: Workspace, comfyui: Path) -> None:
    pack = comfyui / "custom_nodes/Fancy"
    make_git_pack(pack)
    blob = git(pack, "rev-parse", "HEAD:nodes.py").strip()
    (pack / f".git/objects/{blob[:2]}/{blob[2:]}").unlink()
    notes = plan_notes(workspace, comfyui)
    (note,) = [note for note in notes if note.startswith("custom_nodes/Fancy")]
    assert "its git repository is damaged: 1 object of its commit is missing" in note
    assert f"`comfydock node add {PUBLIC_REMOTE} --force` fetches it anew" in note
    assert Path(adopt(workspace, comfyui).layout.custom_nodes, "Fancy/nodes.py").is_file()


# What packs ask for


def make_wide(pack: Path) -> None:
    (pack / "requirements.txt").write_bytes("mini-choice\n".encode("utf-16"))


def make_including(pack: Path) -> None:
    (pack / "more").mkdir()
    (pack / "more/all.txt").write_text("-r deep.txt\n")
    (pack / "more/deep.txt").write_text("mini-choice\n")
    (pack / "requirements.txt").write_text("-r more/all.txt\n")


def make_project(pack: Path) -> None:
    (pack / "pyproject.toml").write_text('[project]\nname = "p"\nversion = "1"\ndependencies = ["mini-choice"]\n')


@pytest.mark.parametrize("make", [make_wide, make_including, make_project])
def test_what_a_pack_asks_for_is_read_as_node_add_reads_it(
    workspace: Workspace, comfyui: Path, make: Callable[[Path], None]
) -> None:
    pack = comfyui / "custom_nodes/Fancy"
    make_git_pack(pack)
    make(pack)
    assert installed(adopt(workspace, comfyui))["mini_choice"] == "3.0"


def test_a_build_of_torch_that_a_pack_pins_is_left_out_and_told(workspace: Workspace, comfyui: Path) -> None:
    make_git_pack(comfyui / "custom_nodes/Fancy", requires="torch==2.1.0+cu121\nmini-choice\n")
    plan = plan_of(workspace, comfyui)
    assert installed(adopt(workspace, comfyui)) == {**INSTALLED, "mini_choice": "3.0"}
    assert any(
        note.startswith("custom_nodes/Fancy: torch==2.1.0+cu121 (requirements.txt:1) is left out")
        for note in plan.notes
    )


def test_of_packages_with_the_same_files_one_is_taken_for_all_packs(workspace: Workspace, comfyui: Path) -> None:
    make_git_pack(comfyui / "custom_nodes/One", requires="opencv-python\n")
    make_git_pack(comfyui / "custom_nodes/Two", requires="opencv-python-headless\n")
    plan = plan_of(workspace, comfyui)
    found = installed(adopt(workspace, comfyui))
    assert [name for name in found if name.startswith("opencv")] == ["opencv_contrib_python_headless"]
    assert len([note for note in plan.notes if "which holds the same files" in note]) == 2


@pytest.mark.parametrize(
    ("requirements", "told"),
    [
        ("mini-choice\n-r more.txt\n", "-r more.txt"),
        ("--extra-index-url https://example.invalid\nmini-choice\n", "--extra-index-url"),
        ("mini-choice ; python_version >= '3'\r\n", None),
        ("\ufeffmini-choice  # hello\n", None),
        ("mini-choice --hash=sha256:00\n", "--hash"),
        ("mini-choice\n-e .\n", ". (requirements.txt:2) is left out"),
    ],
)
def test_odd_requirements_are_understood_as_far_as_they_can_be(
    workspace: Workspace, comfyui: Path, requirements: str, told: str | None
) -> None:
    make_git_pack(comfyui / "custom_nodes/Fancy", requires=requirements)
    plan = plan_of(workspace, comfyui)
    assert installed(adopt(workspace, comfyui))["mini_choice"] == "3.0"
    about = [note for note in plan.notes if note.startswith("custom_nodes/Fancy")]
    assert [told in note for note in about] == ([True] if told else [])


def test_a_line_that_is_no_requirement_costs_that_line_alone(workspace: Workspace, comfyui: Path) -> None:
    make_git_pack(comfyui / "custom_nodes/Fancy", requires="mini-choice\n!!! what\nmini-math\n")
    plan = plan_of(workspace, comfyui)
    assert installed(adopt(workspace, comfyui))["mini_choice"] == "3.0"
    (note,) = [note for note in plan.notes if "requirements.txt" in note]
    assert note.startswith("custom_nodes/Fancy: !!! what (requirements.txt:2) is left out: no installer accepts it")


def test_requirements_in_no_encoding_are_survived(workspace: Workspace, comfyui: Path) -> None:
    pack = comfyui / "custom_nodes/Fancy"
    make_git_pack(pack)
    (pack / "requirements.txt").write_bytes("mini-choice\n# größer\n".encode("latin-1"))
    assert installed(adopt(workspace, comfyui))["mini_choice"] == "3.0"


def test_requirements_that_cannot_be_met_are_told_with_the_pack_and_leave_nothing(
    workspace: Workspace, comfyui: Path
) -> None:
    make_git_pack(comfyui / "custom_nodes/Fancy", requires="no-such-package-at-all\n")
    before = seen(comfyui)
    with pytest.raises(RequirementsConflict) as caught:
        adopt(workspace, comfyui)
    assert "no-such-package-at-all" in caught.value.message
    assert "fancy" in caught.value.message
    assert "disable" in (caught.value.hint or "")
    assert (names_in(workspace), seen(comfyui) == before) == ([], True)


# What the user made


def test_workflows_settings_and_inputs_are_taken_over(workspace: Workspace, comfyui: Path) -> None:
    files = {
        "user/default/workflows/one.json": "{}",
        "user/default/workflows/sub/zwei ☃.json": "{}",
        "user/ada/workflows/three.json": "{}",
        "user/default/comfy.settings.json": '{"a": 1}',
        "input/picture ☃.png": "png",
        "input/sub/clip.mp4": "mp4",
    }
    for name, content in files.items():
        (comfyui / name).parent.mkdir(parents=True, exist_ok=True)
        (comfyui / name).write_text(content)
    plan = plan_of(workspace, comfyui)
    old = adopt(workspace, comfyui)
    for name, content in files.items():
        assert Path(old.layout.comfyui, name).read_text() == content, name
    assert os.listdir(f"{old.layout.definition}/workflows") == ["one.json"]
    assert git(Path(old.layout.definition), "status", "--porcelain") == ""
    assert "2 workflows in folders or of other users are taken over, but not tracked in the history" in plan.notes


def test_directories_that_are_links_are_copied_from_where_they_lead(
    workspace: Workspace, comfyui: Path, tmp_path: Path
) -> None:
    for name in ("input", "user"):
        if (comfyui / name).exists():
            shutil.rmtree(comfyui / name)
        (tmp_path / "disk" / name).mkdir(parents=True)
        (tmp_path / "disk" / name / "mine").write_text("mine")
        (comfyui / name).symlink_to(tmp_path / "disk" / name)
    before = seen(tmp_path / "disk")
    old = adopt(workspace, comfyui)
    for name in ("input", "user"):
        assert Path(old.layout.comfyui, name, "mine").read_text() == "mine"
        assert not Path(old.layout.comfyui, name).is_symlink()
    assert seen(tmp_path / "disk") == before


def test_models_and_outputs_stay_where_they_are_and_are_told(workspace: Workspace, comfyui: Path) -> None:
    (comfyui / "models/checkpoints").mkdir(parents=True, exist_ok=True)
    (comfyui / "models/checkpoints/a.safetensors").write_bytes(b"x" * 1000)
    (comfyui / "output").mkdir(exist_ok=True)
    (comfyui / "output/picture.png").write_bytes(b"x")
    plan = plan_of(workspace, comfyui)
    old = adopt(workspace, comfyui)
    assert os.readlink(old.layout.models_link) == workspace.layout.models
    assert not Path(old.layout.comfyui, "output/picture.png").exists()
    told = "\n".join(plan.notes)
    assert f"models stay at {comfyui}/models (" in told
    assert f"outputs stay at {comfyui}/output (1 file)" in told


@pytest.mark.parametrize(("present", "place"), [(False, "checkpoints"), (True, "checkpoints/another")])
def test_the_command_that_is_told_shows_the_workspace_models_where_they_are(
    workspace: Workspace, comfyui: Path, present: bool, place: str
) -> None:
    (comfyui / "models/checkpoints").mkdir(parents=True, exist_ok=True)
    (comfyui / "models/checkpoints/a.safetensors").write_bytes(b"x" * 1000)
    if present:
        Path(workspace.layout.models, "checkpoints").mkdir()
    (note,) = [note for note in plan_notes(workspace, comfyui) if note.startswith("models stay")]
    command = note.partition("look: `")[2].partition("` shows it those of `checkpoints`")[0]
    subprocess.run(command, shell=True, check=True)
    assert Path(workspace.layout.models, place, "a.safetensors").read_bytes() == b"x" * 1000


def test_further_directories_of_models_are_seen_from_the_new_environment_and_counted(
    workspace: Workspace, comfyui: Path, tmp_path: Path
) -> None:
    for name in ("web ui/models/SD/a.ckpt", "web ui/models/Lora/b.safetensors", "web ui/other/c.bin", "disk/d.pt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x" * 100)
    file = comfyui / "extra_model_paths.yaml"
    file.write_text(
        f"a111:\n  base_path: {tmp_path}/web ui/\n  checkpoints: models/SD\n"
        f"  loras: |\n    models/Lora\n    {tmp_path}/disk\n"
        f"gone:\n  vae: {tmp_path}/gone\n"
    )
    plan = plan_of(workspace, comfyui)
    old = adopt(workspace, comfyui)
    assert Path(old.layout.comfyui, "extra_model_paths.yaml").read_text() == file.read_text()
    assert [(root.path, root.files, root.bytes, root.there, root.seen) for root in plan.account.models[1:]] == [
        (f"{tmp_path}/disk", 1, 100, True, True),
        (f"{tmp_path}/web ui", 2, 200, True, True),
        (f"{tmp_path}/gone", 0, 0, False, True),
    ]
    assert f"models stay at {tmp_path}/web ui (2 files, 200 B); the new environment looks there, too" in plan.notes
    assert f"models stay at {tmp_path}/gone (it is not there); the new environment looks there, too" in plan.notes
    assert f"{file} is taken over as it is" in plan.notes
    assert old.status().in_sync


def test_a_file_of_model_paths_may_be_written_in_any_way_that_yaml_has(
    workspace: Workspace, comfyui: Path, tmp_path: Path
) -> None:
    file = comfyui / "extra_model_paths.yaml"
    file.write_text(
        f"base: &base {{base_path: '{tmp_path}/disk', vae: vae}}\nmore:\n  <<: *base\n  ? loras\n  : lo\n   ras\n"
    )
    plan = plan_of(workspace, comfyui)
    assert [(root.path, root.folders, root.seen) for root in plan.account.models[1:]] == [
        (f"{tmp_path}/disk", ("vae",), True),
        (f"{tmp_path}/disk", ("vae", "loras"), True),
    ]
    assert f"{file} is taken over as it is" in plan.notes


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        (
            "extra_model_paths.yaml",
            "a:\n  base_path: ../shared\n  loras: loras\n",
            "by their way from the installation",
        ),
        ("extra_model_paths.yaml", "a:\n  loras: [one]\n", "line 2: the value of `loras` is a list; ComfyUI does not"),
        ("extra_model_paths.yml", "a:\n  loras: /disk\n", "ComfyUI reads no file of that name"),
    ],
)
def test_a_file_of_model_paths_that_would_mean_something_else_is_not_taken_over_and_told(
    workspace: Workspace, comfyui: Path, name: str, content: str, reason: str
) -> None:
    (comfyui / name).write_text(content)
    plan = plan_of(workspace, comfyui)
    assert not Path(adopt(workspace, comfyui).layout.comfyui, name).exists()
    (note,) = [note for note in plan.notes if note.startswith(f"{comfyui}/{name}")]
    assert "is not taken over" in note
    assert reason in note


def test_files_that_git_does_not_know_stay_and_are_told(workspace: Workspace, comfyui: Path) -> None:
    (comfyui / "start ☃.sh").write_text("#!/bin/sh\n")
    (comfyui / "web/extensions").mkdir(parents=True)
    (comfyui / "web/extensions/mine.js").write_text("")
    (comfyui / "extra_model_paths.yaml").write_text("")
    plan = plan_of(workspace, comfyui)
    assert "not taken over, as git does not know it: start ☃.sh, web" in plan.notes
    assert not Path(adopt(workspace, comfyui).layout.comfyui, "web").exists()


@pytest.mark.parametrize("how", ["link", "changed", "gone"])
def test_whatever_became_of_the_models_directory_the_new_one_is_the_link(
    workspace: Workspace, comfyui: Path, tmp_path: Path, how: str
) -> None:
    models = comfyui / "models"
    if how == "changed":
        (models / "configs/v1-inference.yaml").write_text("mine: true\n")
    else:
        shutil.move(models, tmp_path / "models")
    if how == "link":
        (tmp_path / "models/configs/v1-inference.yaml").write_text("mine: true\n")
        models.symlink_to(tmp_path / "models")
    old = adopt(workspace, comfyui)
    assert os.readlink(old.layout.models_link) == workspace.layout.models
    assert os.listdir(workspace.layout.models) == ["configs"]
    assert "mine" not in Path(workspace.layout.models, "configs/v1-inference.yaml").read_text()
    assert old.status().in_sync


def test_models_of_the_workspace_itself_are_not_told_to_be_elsewhere(workspace: Workspace, comfyui: Path) -> None:
    shutil.rmtree(comfyui / "models")
    (comfyui / "models").symlink_to(workspace.layout.models)
    Path(workspace.layout.models, "a.safetensors").write_bytes(b"x")
    assert not [note for note in plan_of(workspace, comfyui).notes if note.startswith("models")]


# The source, the name, and what goes wrong


@pytest.fixture
def full(comfyui: Path) -> Path:
    """An installation with something of every kind."""
    make_git_pack(comfyui / "custom_nodes/Fancy", requires="mini-choice\n")
    make_registry_pack(comfyui / "custom_nodes/comfyui-fancy", "comfyui-fancy", "1.2.0")
    (comfyui / "custom_nodes/Fancy/nodes.py").write_text("mine\n")
    (comfyui / "nodes.py").write_text("# mine\n")
    (comfyui / "user/default/workflows").mkdir(parents=True)
    (comfyui / "user/default/workflows/one.json").write_text("{}")
    (comfyui / "output").mkdir(exist_ok=True)
    (comfyui / "output/picture.png").write_bytes(b"x")
    os.utime(comfyui / "main.py")  # Git would note the new time in its index.
    return comfyui


def test_the_source_stays_as_it_is_to_the_byte(workspace: Workspace, full: Path) -> None:
    before = seen(full)
    old = adopt(workspace, full)
    assert seen(full) == before
    Path(old.layout.comfyui, "nodes.py").write_text("changed later")
    Path(old.layout.custom_nodes, "Fancy/nodes.py").write_text("changed later")
    commit(Path(old.layout.custom_nodes, "Fancy"), "Later")
    assert {name: entry[3] for name, entry in seen(full).items()} == {name: entry[3] for name, entry in before.items()}


def test_the_plan_writes_nothing(workspace: Workspace, full: Path) -> None:
    before = (seen(full), sessions.tree(Path(workspace.layout.root), whole=True))
    plan = plan_of(workspace, full, use=True)
    assert (seen(full), sessions.tree(Path(workspace.layout.root), whole=True)) == before
    steps = [(step.sign, step.path) for step in plan.change.steps if isinstance(step, Swap)]
    assert steps == [("+", "old"), ("~", "../.metadata/workspace.json")]


def test_the_active_environment_becomes_the_adopted_one_if_wanted(workspace: Workspace, comfyui: Path) -> None:
    adopt(workspace, comfyui, use=True)
    assert workspace.config().active_environment == "old"


def test_undo_takes_it_away_and_undo_of_that_brings_it_back(workspace: Workspace, full: Path) -> None:
    before = seen(full)
    old = adopt(workspace, full)
    operations = workspace.operations(None)
    operations.undo(operations.plan_undo(None), INITIATOR, SilentReporter())
    assert names_in(workspace) == []
    operations.undo(operations.plan_undo(None), INITIATOR, SilentReporter())
    assert old.status().packages.state == "in-sync"
    assert seen(full) == before


def test_a_name_that_is_taken_or_none_is_refused(workspace: Workspace, comfyui: Path) -> None:
    os.makedirs(f"{workspace.layout.environments}/taken/.cec")
    with pytest.raises(EnvironmentExists):
        plan_of(workspace, comfyui, name="taken")
    with pytest.raises(InvalidName):
        plan_of(workspace, comfyui, name="../old")


@pytest.mark.parametrize("make", [lambda place: None, Path.mkdir, Path.touch])
def test_a_place_without_comfyui_is_told(workspace: Workspace, tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "place")
    with pytest.raises(InstallationNotFound) as caught:
        plan_of(workspace, tmp_path / "place")
    assert str(tmp_path / "place") in caught.value.message


def test_a_workspace_without_models_is_told(workspace: Workspace, comfyui: Path) -> None:
    os.rmdir(workspace.layout.models)
    with pytest.raises(ModelsDirectoryNotFound):
        plan_of(workspace, comfyui)


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unreadable to the superuser")
def test_what_cannot_be_read_is_named_and_leaves_nothing(workspace: Workspace, full: Path) -> None:
    (full / "user/default").chmod(0)
    try:
        with pytest.raises(FileSystemError, match="user/default"):
            adopt(workspace, full)
    finally:
        (full / "user/default").chmod(0o755)
    assert names_in(workspace) == []


PHASES = ["Copying ComfyUI", "Copying node packs", "Preparing Python", "Resolving Python", "Installing Python",
          "Starting the history"]  # fmt: skip


@pytest.mark.parametrize("phase", PHASES)
def test_ctrl_c_in_any_phase_leaves_nothing_and_the_source(workspace: Workspace, full: Path, phase: str) -> None:
    before = seen(full)

    def stop(events: int, text: str) -> None:
        if text.startswith(phase):
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        adopt(workspace, full, RecordingReporter(stop))
    assert names_in(workspace) == []
    assert seen(full) == before


@pytest.mark.parametrize("kilobytes", [150, 350, 600])
def test_a_full_disk_is_told_and_leaves_nothing(full: Path, small_disk: Callable[[str], Path], kilobytes: int) -> None:
    from comfydock_core.factories.workspace_factory import open_workspace

    place = small_disk(f"size={kilobytes}k")
    made = Workspace.initialise(Workspace.plan_initialisation(str(place / "workspace")))
    workspace, before = open_workspace(made.layout), seen(full)
    with pytest.raises(FileSystemError) as caught:
        adopt(workspace, full)
    assert caught.value.context["errno"] == "ENOSPC"
    assert names_in(workspace) == []
    assert seen(full) == before


def test_what_runs_from_the_installation_does_not_hinder(workspace: Workspace, comfyui: Path) -> None:
    """ComfyUI writes its log and its database while it is copied; a socket of it has no content."""
    (comfyui / "user").mkdir(exist_ok=True)
    os.mkfifo(comfyui / "user/pipe")
    (comfyui / "user/comfyui.log").write_text("a line\n")
    assert isinstance(adopt(workspace, comfyui), Environment)


def test_an_error_of_the_plan_is_one_of_ours(workspace: Workspace, comfyui: Path) -> None:
    (comfyui / "requirements.txt").unlink()
    git(comfyui, "add", "-A")
    git(comfyui, "-c", "user.name=Ada", "-c", "user.email=a@b.example", "commit", "-qm", "mine")
    with pytest.raises(ComfyDockError) as caught:
        adopt(workspace, comfyui)
    assert "requirements.txt" in caught.value.message
    assert names_in(workspace) == []
