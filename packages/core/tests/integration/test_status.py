"""Looking at environments: new ones, changed ones, those of ComfyDock 1.x."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.environment import Environment
from comfydock_core.core.workspace import Workspace
from comfydock_core.integrations.uv_command import find_uv
from comfydock_core.models.exceptions import ManifestDamaged, WorkspaceDamaged
from tests.support.miniature import BRANCH, Miniature
from tests.support.older_workspace import add_environment, build_workspace


def site_packages(environment: Environment) -> Path:
    return Path(environment.layout.venv, "lib/python3.11/site-packages")


def test_a_fresh_environment_is_in_sync(demo: Environment) -> None:
    status = demo.status()
    assert status.in_sync is True
    assert status.unknowns == []
    assert (status.comfyui.dirty, status.definition.clean, status.packages.state) == (False, True, "in-sync")
    assert (status.packages.source, status.models_link.state) == ("record", "linked")


def test_changed_files_of_comfyui_are_listed(demo: Environment) -> None:
    Path(demo.layout.comfyui, "nodes.py").write_text("changed = True\n")
    Path(demo.layout.comfyui, "extra_model_paths.yaml").write_text("mine: true\n")
    status = demo.status()
    assert status.comfyui.changed == ["nodes.py"]
    assert status.comfyui.dirty
    assert status.in_sync


def test_another_commit_of_comfyui_is_told(demo: Environment, local: Miniature) -> None:
    subprocess.run(["git", "-C", demo.layout.comfyui, "checkout", "-q", "v0.1.0"], check=True)
    status = demo.status()
    assert status.comfyui.commit == local.commits["v0.1.0"]
    assert status.comfyui.matches is False
    assert status.in_sync is False


def test_changes_of_the_definition_are_told(demo: Environment) -> None:
    with open(demo.layout.manifest, "a", encoding="utf-8") as manifest:
        manifest.write('\n[tool.comfydock.workflows."a.b"]\npath = "workflows/a.b.json"\n')
    Path(demo.layout.definition, "näw file").write_text("")
    status = demo.status()
    assert status.definition.modified == ["pyproject.toml"]
    assert status.definition.untracked == ["näw file"]
    assert status.definition.clean is False
    assert status.packages.state == "in-sync"
    assert demo.manifest_section('tool.comfydock.workflows."a.b".path') == "workflows/a.b.json"


def test_packages_that_vanished_appeared_or_changed_are_told(demo: Environment) -> None:
    place = site_packages(demo)
    shutil.rmtree(place / "mini_base-1.5.dist-info")
    (place / "mini_imaging-1.1.dist-info").rename(place / "mini_imaging-1.0.dist-info")
    (place / "stray-3.dist-info").mkdir()
    packages = demo.status().packages
    assert packages.state == "out-of-sync"
    assert (packages.missing, packages.extra) == (["mini_base 1.5"], ["stray 3"])
    assert [change.as_dict() for change in packages.changed] == [
        {"name": "mini_imaging", "expected": "1.1", "found": "1.0"}
    ]


def test_a_new_lock_or_new_dependencies_are_told(demo: Environment) -> None:
    with open(demo.layout.lock, "a", encoding="utf-8") as lock:
        lock.write("\n")
    manifest = Path(demo.layout.manifest)
    manifest.write_text(manifest.read_text().replace('"torchvision",', ""))
    packages = demo.status().packages
    assert (packages.lock_changed, packages.dependencies_changed, packages.state) == (True, True, "out-of-sync")


def test_without_its_virtual_environment_nothing_is_installed(demo: Environment) -> None:
    shutil.rmtree(demo.layout.venv)
    status = demo.status()
    assert status.packages.state == "not-installed"
    assert status.in_sync is False


def test_packs_are_compared_with_the_manifest(demo: Environment) -> None:
    with open(demo.layout.manifest, "a", encoding="utf-8") as manifest:
        manifest.write('\n[tool.comfydock.nodes.one]\nname = "One"\n[tool.comfydock.nodes.two]\nsource = "git"\n')
    for name in ("One", "Three", "Four.disabled", ".five", "__pycache__"):
        Path(demo.layout.custom_nodes, name).mkdir()
    Path(demo.layout.custom_nodes, "six.py").write_text("")
    packs = demo.status().packs
    assert (packs.present, packs.missing, packs.untracked) == (["One"], ["two"], ["Three"])


@pytest.mark.parametrize("state", ["missing", "directory", "elsewhere", "dangling"])
def test_the_models_link_is_looked_at(demo: Environment, tmp_path: Path, state: str) -> None:
    link = demo.layout.models_link
    os.unlink(link)
    if state == "directory":
        os.mkdir(link)
    elif state == "elsewhere":
        os.symlink(tmp_path, link)
    elif state == "dangling":
        os.symlink(tmp_path / "nowhere", link)
    status = demo.status()
    assert status.models_link.state == state
    assert status.in_sync is False


def test_directories_of_models_that_are_not_there_are_named(demo: Environment, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    file = Path(demo.layout.comfyui, "extra_model_paths.yaml")
    file.write_text(
        f"""
one:
    base_path: {tmp_path}/there
    loras: loras
two:
    base_path: "{tmp_path}/gone"  # not mounted
three:
    # base_path: /commented/out
    base_path: {tmp_path}/with a space
four:
    base_path: $SOMEWHERE/else
"""
    )
    link = demo.status().models_link
    assert (link.state, link.absent, link.unreadable) == (
        "linked",
        [f"{tmp_path}/gone", f"{tmp_path}/with a space"],
        [],
    )


@pytest.mark.parametrize("content", [b"\xff\xfe", b"base_path: /gone\n" * 20_000, b"base_path", b""])
def test_a_file_of_model_paths_that_is_none_tells_nothing(demo: Environment, content: bytes) -> None:
    Path(demo.layout.comfyui, "extra_model_paths.yaml").write_bytes(content)
    assert demo.status().models_link.absent == []


@pytest.mark.skipif(os.geteuid() == 0, reason="the administrator may read everything")
def test_a_models_directory_that_may_not_be_read_is_named(demo: Environment) -> None:
    directory = os.readlink(demo.layout.models_link)
    os.chmod(directory, 0)
    try:
        assert demo.status().models_link.unreadable == [directory]
    finally:
        os.chmod(directory, 0o755)


def test_without_git_the_rest_is_told_and_what_is_not_known_is_named(demo: Environment, empty_path: None) -> None:
    status = demo.status()
    assert status.definition.unknown == status.comfyui.unknown == "`git` was not found"
    assert (status.definition.clean, status.comfyui.dirty) == (None, None)
    assert status.comfyui.matches is True
    assert status.packages.state == "in-sync"


def test_a_definition_without_history_is_told_though_a_directory_above_has_one(
    demo: Environment, workspace: Workspace
) -> None:
    shutil.rmtree(f"{demo.layout.definition}/.git")
    subprocess.run(["git", "init", "-q", workspace.layout.root], check=True)
    definition = demo.status().definition
    assert (definition.repository, definition.clean, definition.unknown) == (False, None, None)


def test_a_damaged_history_is_unknown_and_gives_gits_reason(demo: Environment) -> None:
    Path(demo.layout.definition, ".git/HEAD").write_text("nonsense")
    definition = demo.status().definition
    assert definition.unknown is not None
    assert "git" in definition.unknown


@pytest.mark.parametrize("content", [b"[project\n", b"\xff\xfe", b"tool = 3\n", b"[tool.comfydock]\nnodes = 1\n"])
def test_a_damaged_manifest_is_refused_and_kept(demo: Environment, content: bytes) -> None:
    Path(demo.layout.manifest).write_bytes(content)
    with pytest.raises(ManifestDamaged, match=r"pyproject\.toml"):
        demo.status()
    assert Path(demo.layout.manifest).read_bytes() == content


def test_a_missing_manifest_is_told(demo: Environment) -> None:
    os.unlink(demo.layout.manifest)
    with pytest.raises(ManifestDamaged, match="no such file"):
        demo.status()


def test_a_damaged_workspace_configuration_is_refused(demo: Environment) -> None:
    Path(demo.workspace.config_file).write_text("{")
    with pytest.raises(WorkspaceDamaged):
        demo.status()


def test_a_damaged_record_is_unknown_not_guessed(demo: Environment) -> None:
    Path(demo.layout.venv, ".comfydock/pyproject.json").write_text("{")
    packages = demo.status().packages
    assert packages.state == "unknown"
    assert packages.unknown is not None
    assert "record" in packages.unknown


def children() -> set[str]:
    """Every child of this process, those included that ended and were not waited for."""
    return {child for task in Path("/proc/self/task").iterdir() for child in (task / "children").read_text().split()}


def test_status_leaves_no_child_behind(demo: Environment) -> None:
    before = children()  # What other tests of this process have left is not looked at here.
    demo.status()
    Path(demo.layout.manifest).write_text("[")
    with pytest.raises(ManifestDamaged):
        demo.status()
    assert children() <= before


@pytest.fixture
def older(local: Miniature, tmp_path: Path) -> Path:
    return build_workspace(tmp_path / "comfydock")


def status_of(workspace: Path, name: str = "old") -> Environment:
    return Workspace(WorkspaceLayout(str(workspace))).open_environment(name)


def test_an_environment_of_comfydock_1_is_judged_by_a_dry_run(older: Path, local: Miniature) -> None:
    add_environment(older, local, "old", uv=find_uv())
    environment = status_of(older)
    status = environment.status()
    assert (status.comfyui.version_type, status.comfyui.manifest_commit) == ("release", None)
    assert (status.comfyui.commit, status.comfyui.dirty) == (local.commits["v0.2.0"], False)
    assert (status.packages.state, status.packages.source) == ("in-sync", "uv")
    assert (status.definition.branch, status.definition.clean) == ("master", True)
    assert (status.packs.present, status.packs.missing) == (["ComfyUI-Fancy", "MyDev"], [])
    assert status.packs.untracked == ["Stray"]
    assert status.models_link.state == "linked"
    assert status.in_sync is False
    os.rmdir(f"{environment.layout.custom_nodes}/Stray")
    assert environment.status().in_sync is None
    shutil.rmtree(site_packages(environment) / "mini_base-1.5.dist-info")
    shutil.rmtree(site_packages(environment) / "mini_base")
    packages = environment.status().packages
    assert (packages.state, packages.missing) == ("out-of-sync", ["mini-base 1.5"])


def test_an_environment_of_comfydock_1_without_packages_or_lock(older: Path, local: Miniature) -> None:
    add_environment(older, local, "old", version=BRANCH)
    environment = status_of(older)
    assert environment.status().packages.state == "not-installed"
    os.makedirs(site_packages(environment))
    packages = environment.status().packages
    assert (packages.state, packages.unknown) == ("unknown", "there is no `uv.lock` to compare with")


def test_without_uv_the_packages_of_comfydock_1_are_unknown(
    older: Path, local: Miniature, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_environment(older, local, "old", uv=find_uv())
    monkeypatch.setenv("COMFYDOCK_UV", "/nowhere/uv")
    packages = status_of(older).status().packages
    assert packages.state == "unknown"
    assert packages.unknown is not None
    assert "COMFYDOCK_UV" in packages.unknown


@pytest.mark.parametrize(
    ("version", "kind"), [("master", "branch"), ("main", "branch"), ("v0.1.0", "release"), ("0bff055", "commit")]
)
def test_the_type_of_a_version_that_has_none_is_inferred(
    older: Path, local: Miniature, version: str, kind: str
) -> None:
    root = add_environment(older, local, "old", version="v0.2.0")
    manifest = root / ".cec/pyproject.toml"
    manifest.write_text(manifest.read_text().replace('"v0.2.0"', f'"{version}"'))
    comfyui = status_of(older).status().comfyui
    assert comfyui.version_type == kind
    assert comfyui.matches is (local.commits["v0.2.0"].startswith(version) if kind == "commit" else None)


# Loads nothing by itself that could hide what the library loads: the lazy faces do their work without `lazy_loader`, as
# those of a frozen build do; the rest is real.
PROBE = """
import sys, types
lazy = types.ModuleType("lazy_loader")
def attach_stub(package, file):
    lines = [line.split() for line in open(file + "i") if line.startswith("from .")]
    places = {line[3]: line[1] for line in lines}
    def load(name):
        if name not in places: raise AttributeError(name)
        module = package + places[name] if places[name] != "." else package + "." + name
        __import__(module)
        return sys.modules[module] if places[name] == "." else getattr(sys.modules[module], name)
    return load, list, []
lazy.attach_stub = attach_stub
sys.modules["lazy_loader"] = lazy
sys.path.insert(0, sys.argv[1])
before = set(sys.modules)
from comfydock_core.core.workspace import Workspace
from comfydock_core.configs.workspace_layout import WorkspaceLayout
workspace = Workspace(WorkspaceLayout(sys.argv[2]))
print(workspace.open_environment("demo").status().in_sync)
print(*sorted(set(sys.modules) - before))
"""

FORBIDDEN = {
    "argparse", "dataclasses", "importlib.metadata", "json", "logging", "packaging", "pathlib", "shutil", "socket",
    "subprocess", "tempfile", "threading", "tomlkit", "truststore", "urllib3",
}  # fmt: skip


def modules_of_status(environment: Environment) -> tuple[str, set[str]]:
    source = str(Path(sys.modules["comfydock_core"].__file__ or "").parents[1])
    command = [sys.executable, "-I", "-S", "-c", PROBE, source, environment.workspace.root]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    answer, modules = done.stdout.splitlines()
    return answer, set(modules.split())


def test_status_of_an_unchanged_environment_loads_no_module_of_the_standard_library(demo: Environment) -> None:
    answer, modules = modules_of_status(demo)
    assert answer == "True"
    assert {name for name in modules if not name.startswith("comfydock_core")} <= {"_json"}


def test_status_of_a_changed_manifest_loads_the_toml_parser_and_what_that_needs(demo: Environment) -> None:
    with open(demo.layout.manifest, "a", encoding="utf-8") as manifest:
        manifest.write("\n# changed\n")
    answer, modules = modules_of_status(demo)
    assert answer == "True"
    assert "tomllib" in modules
    assert modules & FORBIDDEN == set()


def test_the_older_workspace_lists_its_environments(older: Path, local: Miniature) -> None:
    add_environment(older, local, "old")
    assert Workspace(WorkspaceLayout(str(older))).environment_names() == ["old"]


Make = Callable[..., Environment]


def test_a_commit_abbreviated_in_the_manifest_still_matches(make_environment: Make, local: Miniature) -> None:
    demo = make_environment()
    manifest = Path(demo.layout.manifest)
    commit = local.commits["v0.10.0"]
    manifest.write_text(manifest.read_text().replace(commit, commit[:8]))
    assert demo.status().comfyui.matches


def test_a_python_that_is_gone_is_told(demo: Environment) -> None:
    python = Path(demo.layout.venv) / "bin/python"
    python.unlink()
    python.symlink_to("/nonexistent/python")
    packages = demo.status().packages
    assert (packages.state, packages.python_missing) == ("out-of-sync", True)
