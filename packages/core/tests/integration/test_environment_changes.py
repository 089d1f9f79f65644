"""Bringing an environment up to date, repairing and cloning it: as operations, with what uv really does."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from comfydock_core.core.environment import Environment
from comfydock_core.core.workspace import Workspace
from comfydock_core.models.environments.cloning import CloningPlan
from comfydock_core.models.exceptions import (
    BackendNotFound,
    BackendNotLocked,
    EnvironmentExists,
    EnvironmentInUse,
    InvalidSetting,
    LockOutdated,
    UnexpectedDirectory,
)
from comfydock_core.models.operation import Initiator
from comfydock_core.models.packages.syncing import SyncPlan, SyncRequest
from comfydock_core.utils.files.fingerprints import fingerprint
from comfydock_core.utils.reporting import SilentReporter
from tests.support.miniature import Miniature, build_repository, git
from tests.support.older_workspace import add_environment
from tests.support.reporters import RecordingReporter
from tests.support.sessions import names_in, tree
from tests.support.taking_back import undo

INITIATOR = Initiator(("test",))
SILENT = SilentReporter()
PACKAGES = "lib/python3.11/site-packages"


def sync(workspace: Workspace, name: str = "demo", **wishes: object) -> SyncPlan:
    plan = workspace.definitions.plan_sync(name, SyncRequest(**wishes))  # type: ignore[arg-type]
    if not plan.nothing_to_do:
        workspace.definitions.sync(plan, INITIATOR, SILENT)
    return plan


def clone(workspace: Workspace, source: str = "demo", name: str = "second", *, activate: bool = False) -> CloningPlan:
    plan = workspace.environments.plan_cloning(source, name, activate=activate)
    workspace.environments.clone(plan, INITIATOR, SILENT)
    return plan


def whole(demo: Environment) -> dict[str, object]:
    """Everything of an environment, but what is written anew whenever somebody looks, and where the program lies."""
    found = tree(Path(demo.layout.root))
    volatile = ("__pycache__", ".git/index", ".cec/.git/config")
    return {path: content for path, content in found.items() if not any(part in path for part in volatile)}


# Sync


def test_an_environment_as_it_should_be_needs_nothing(workspace: Workspace, demo: Environment) -> None:
    plan = sync(workspace)
    assert plan.nothing_to_do
    assert (plan.venv, plan.parts, plan.reasons) == ("keep", (), ())
    assert not os.path.exists(f"{demo.layout.root}/.ops/000001-sync")


def test_a_package_installed_by_hand_is_removed_and_comes_back_by_undo(workspace: Workspace, demo: Environment) -> None:
    strange = Path(demo.layout.venv, PACKAGES, "strange-1.0.dist-info")
    strange.mkdir()
    (strange / "METADATA").write_text("Metadata-Version: 2.1\nName: strange\nVersion: 1.0\n")
    (strange / "RECORD").write_text("strange-1.0.dist-info/METADATA,,\nstrange-1.0.dist-info/RECORD,,\n")
    (strange / "INSTALLER").write_text("pip\n")
    assert demo.status().packages.extra == ["strange 1.0"]
    plan = sync(workspace)
    assert plan.venv == "link"
    assert demo.status().in_sync
    undo(workspace, "demo")
    assert demo.status().packages.extra == ["strange 1.0"]


def test_the_live_environment_is_never_written_to(workspace: Workspace, demo: Environment) -> None:
    """Every file of the old one keeps its content and identity, also those that the new one shares with it."""
    sync(workspace, lock_backends=("cu128",), install=False)
    venv = Path(demo.layout.venv)
    before = {str(path.relative_to(venv)): fingerprint(str(path)) for path in venv.rglob("*") if path.is_file()}
    identity = venv.stat().st_ino
    sync(workspace, backend="cu128")
    assert Path(demo.layout.venv).stat().st_ino != identity
    kept = Path(demo.layout.root, ".ops", "000002-sync", "old")
    (old,) = [path for path in kept.iterdir() if path.stat().st_ino == identity]
    after = {str(path.relative_to(old)): fingerprint(str(path)) for path in old.rglob("*") if path.is_file()}
    assert after == before


def test_a_damaged_environment_is_built_anew(workspace: Workspace, demo: Environment) -> None:
    packages = Path(demo.layout.venv, PACKAGES)
    (metadata,) = packages.glob("mini_imaging-*.dist-info/METADATA")
    metadata.unlink()
    metadata.write_text("")
    plan = sync(workspace)
    assert plan.venv == "fresh"
    assert "METADATA" in plan.reasons[0]
    assert demo.status().in_sync
    (metadata,) = packages.glob("mini_imaging-*.dist-info/METADATA")
    assert "Name: mini-imaging" in metadata.read_text()


def test_a_missing_environment_of_packages_is_made(workspace: Workspace, demo: Environment) -> None:
    shutil.rmtree(demo.layout.venv)
    assert sync(workspace).venv == "fresh"
    assert demo.status().in_sync
    assert demo.run(["--quick-test-for-ci"], SILENT) == 0


def test_repair_installs_from_the_ground_what_sync_does_not_see(workspace: Workspace, demo: Environment) -> None:
    module = Path(demo.layout.venv, PACKAGES, "mini_imaging", "__init__.py")
    content = module.read_text()
    module.unlink()
    assert sync(workspace).nothing_to_do
    plan = sync(workspace, command="repair", fresh=True)
    assert plan.venv == "fresh"
    assert module.read_text() == content


def test_another_back_end_is_chosen_locked_and_installed_at_once(workspace: Workspace, demo: Environment) -> None:
    plan = sync(workspace, backend="cu128")
    assert (plan.backend, plan.parts, plan.chooses) == ("cu128", ("cu128",), True)
    status = demo.status()
    assert (status.torch_backend, status.packages.state) == ("cu128", "in-sync")
    assert list(Path(demo.layout.venv, PACKAGES).glob("torch-2.9.1+cu128.dist-info"))
    before = whole(demo)
    undo(workspace, "demo")
    assert demo.status().torch_backend == "cpu"
    undo(workspace, "demo")
    assert whole(demo) == before


def test_a_back_end_that_cannot_be_had_changes_nothing(workspace: Workspace, demo: Environment) -> None:
    before = whole(demo)
    with pytest.raises(BackendNotFound):
        sync(workspace, backend="cu999")
    with pytest.raises(BackendNotFound):
        sync(workspace, lock_backends=("cpu", "cu999"), install=False)
    assert whole(demo) == before


@pytest.mark.parametrize("backend", ["none", "auto", "nonsense"])
def test_there_is_nothing_to_lock_for_what_has_no_wheels(workspace: Workspace, demo: Environment, backend: str) -> None:
    with pytest.raises(InvalidSetting):
        workspace.definitions.plan_sync("demo", SyncRequest(lock_backends=(backend,), install=False))


def test_a_manifest_changed_by_hand_is_refused_until_it_is_locked(workspace: Workspace, demo: Environment) -> None:
    manifest = Path(demo.layout.manifest)
    manifest.write_text(manifest.read_text().replace('    "mini-sampling",\n', ""))
    before = whole(demo)
    with pytest.raises(LockOutdated) as caught:
        sync(workspace)
    assert "--relock" in (caught.value.hint or "")
    assert whole(demo) == before
    sync(workspace, relock=True)
    assert not list(Path(demo.layout.venv, PACKAGES).glob("mini_sampling-*"))
    assert demo.status().in_sync


def test_a_missing_lock_is_made(workspace: Workspace, demo: Environment) -> None:
    lock = Path(demo.layout.lock)
    content = lock.read_text()
    lock.unlink()
    sync(workspace)
    assert lock.read_text() == content
    assert demo.status().in_sync


def test_a_models_link_that_leads_elsewhere_is_corrected(
    workspace: Workspace, demo: Environment, tmp_path: Path
) -> None:
    link = Path(demo.layout.models_link)
    link.unlink()
    link.symlink_to(tmp_path)
    sync(workspace)
    assert os.readlink(link) == workspace.layout.models
    undo(workspace, "demo")
    assert os.readlink(link) == str(tmp_path)


def test_models_in_the_way_of_the_link_are_kept(workspace: Workspace, demo: Environment) -> None:
    models = Path(demo.layout.models_link)
    models.unlink()
    models.mkdir()
    (models / "mine.safetensors").write_text("weights")
    with pytest.raises(UnexpectedDirectory, match=r"mine\.safetensors"):
        sync(workspace)
    assert (models / "mine.safetensors").read_text() == "weights"


def test_a_pack_from_git_that_is_missing_is_cloned_at_its_commit(
    workspace: Workspace, demo: Environment, tmp_path: Path
) -> None:
    build_repository(tmp_path / "pack")
    commit = git(tmp_path / "pack", "rev-parse", "v0.1.0^{commit}").strip()
    with open(demo.layout.manifest, "a", encoding="utf-8") as manifest:
        manifest.write(f'\n[tool.comfydock.nodes.pack]\nname = "Päck 1"\nsource = "git"\nversion = "{commit}"\n'
                       f'repository = "{tmp_path / "pack"}"\n')  # fmt: skip
        manifest.write('\n[tool.comfydock.nodes.other]\nname = "other"\nsource = "development"\nversion = "dev"\n')
    plan = sync(workspace)
    assert [wanted.pack.release.name for wanted in plan.packs] == ["Päck 1"]
    assert plan.unobtainable == ("other",)
    assert git(Path(demo.layout.custom_nodes, "Päck 1"), "rev-parse", "HEAD").strip() == commit
    undo(workspace, "demo")
    assert not os.path.exists(f"{demo.layout.custom_nodes}/Päck 1")


def test_a_definition_of_1x_becomes_neutral_with_its_versions_and_back_by_undo(
    workspace: Workspace, local: Miniature
) -> None:
    from comfydock_core.integrations.uv_command import find_uv

    add_environment(Path(workspace.layout.root), local, "old", uv=find_uv())
    old = workspace.open_environment("old")
    before = whole(old)
    plan = sync(workspace, "old")
    assert (plan.converts, plan.backend, plan.venv) == (True, "cpu", "fresh")
    assert (old.status().torch_backend, old.status().packages.state) == ("cpu", "in-sync")
    assert old.manifest_section("tool.comfydock.models") == {"fdee4978c05f1401": {
        "filename": "m.safetensors", "size": 100, "relative_path": "checkpoints/m.safetensors",
        "category": "checkpoints"}}  # fmt: skip
    undo(workspace, "old")
    assert whole(old) == before


def test_what_runs_is_not_changed_unless_it_is_wanted(workspace: Workspace, demo: Environment) -> None:
    command = [f"{demo.layout.venv}/bin/python", "main.py", "--port", "0"]
    running = subprocess.Popen(command, cwd=demo.layout.comfyui, stdout=subprocess.PIPE, text=True)
    assert running.stdout is not None
    assert any("go to" in line for line in running.stdout)
    try:
        with pytest.raises(EnvironmentInUse) as caught:
            sync(workspace, command="repair", fresh=True)
        assert str(running.pid) in caught.value.message
        assert workspace.operations("demo", workspace=False).all() == []
        plan = workspace.definitions.plan_sync("demo", SyncRequest("repair", fresh=True))
        workspace.definitions.sync(plan, Initiator(("test",), while_running=True), SILENT)
        assert len(workspace.operations("demo", workspace=False).all()) == 1
    finally:
        running.kill()
        running.communicate()


def test_a_copy_that_uv_cannot_bring_up_to_date_is_built_anew(workspace: Workspace, demo: Environment) -> None:
    """What an uninstallation leaves of a package that did not record all of its files."""
    strange = Path(demo.layout.venv, PACKAGES, "strange-1.0.dist-info")
    strange.mkdir()
    (strange / "METADATA").write_text("Metadata-Version: 2.1\nName: strange\nVersion: 1.0\n")
    (strange / "RECORD").write_text("strange-1.0.dist-info/METADATA,,\nstrange-1.0.dist-info/RECORD,,\n")
    (strange / "not recorded").write_text("")
    reporter = RecordingReporter()
    plan = workspace.definitions.plan_sync("demo", SyncRequest())
    assert plan.venv == "link"
    workspace.definitions.sync(plan, INITIATOR, reporter)
    assert any("rebuilt" in warning for warning in reporter.warnings)
    assert demo.status().in_sync


@pytest.mark.parametrize("file", ["mini_imaging-*.dist-info/METADATA", "mini_imaging/__init__.py"])
def test_a_file_changed_in_place_poisons_uvs_cache_and_is_healed(
    workspace: Workspace, demo: Environment, file: str
) -> None:
    """uv shares its files with the environments by links: whoever writes into one writes into all."""
    (place,) = Path(demo.layout.venv, PACKAGES).glob(file)
    content = place.read_text()
    place.write_text("")
    reporter = RecordingReporter()
    plan = workspace.definitions.plan_sync("demo", SyncRequest("repair", fresh=True))
    workspace.definitions.sync(plan, INITIATOR, reporter)
    assert [warning for warning in reporter.warnings if "changed in place" in warning and "imaging" in warning]
    assert place.read_text() == content
    clone(workspace)
    assert workspace.open_environment("second").status().in_sync


# Clones


def test_a_clone_is_the_same_and_shares_nothing_that_is_written_to(workspace: Workspace, demo: Environment) -> None:
    comfyui = Path(demo.layout.comfyui)
    for path in ("user/default/workflows/w.json", "custom_nodes/mine/__init__.py", "input/i.png", "output/o.png"):
        (comfyui / path).parent.mkdir(parents=True, exist_ok=True)
        (comfyui / path).write_text("of the first")
    plan = clone(workspace, activate=True)
    assert plan.venv == "link"
    second = workspace.open_environment(None)
    assert second.name == "second"
    copied = Path(second.layout.comfyui)
    assert [(copied / path).is_file() for path in ("user/default/workflows/w.json", "custom_nodes/mine/__init__.py",
            "input/i.png", "output/o.png")] == [True, True, True, False]  # fmt: skip
    (copied / "user/default/workflows/w.json").write_text("of the second")
    (copied / "main.py").write_text("of the second")
    assert (comfyui / "user/default/workflows/w.json").read_text() == "of the first"
    assert (comfyui / "main.py").read_text() != "of the second"
    git(copied, "checkout", "--quiet", "main.py")
    assert second.status().packages.state == "in-sync"
    assert second.run(["--quick-test-for-ci"], SILENT) == 0


def test_a_clone_needs_neither_the_network_nor_the_cache(
    workspace: Workspace, demo: Environment, monkeypatch: pytest.MonkeyPatch, local: Miniature
) -> None:
    shutil.rmtree(workspace.layout.uv_cache)
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/")
    monkeypatch.setenv("COMFYDOCK_PYTORCH_INDEX_URL", "http://127.0.0.1:9/")
    clone(workspace)
    assert workspace.open_environment("second").status().in_sync


def test_a_clone_of_a_damaged_environment_is_built_from_the_lock(workspace: Workspace, demo: Environment) -> None:
    (metadata,) = Path(demo.layout.venv, PACKAGES).glob("mini_imaging-*.dist-info/METADATA")
    metadata.unlink()
    assert clone(workspace).venv == "fresh"
    assert workspace.open_environment("second").status().in_sync
    assert not metadata.exists()


def test_what_cannot_be_cloned_is_told_before_anything_is_done(
    workspace: Workspace, demo: Environment, local: Miniature
) -> None:
    with pytest.raises(EnvironmentExists):
        workspace.environments.plan_cloning("demo", "demo")
    add_environment(Path(workspace.layout.root), local, "old")
    with pytest.raises(BackendNotLocked) as caught:
        workspace.environments.plan_cloning("old", "second")
    assert "`comfydock sync -e old`" in (caught.value.hint or "")
    assert names_in(Path(workspace.layout.environments)) == ["demo", "old"]


def test_an_interrupted_clone_leaves_the_first_and_nothing_else(workspace: Workspace, demo: Environment) -> None:
    before = whole(demo)

    def stop(events: int, text: str) -> None:
        raise KeyboardInterrupt

    plan = workspace.environments.plan_cloning("demo", "second")
    with pytest.raises(KeyboardInterrupt):
        workspace.environments.clone(plan, INITIATOR, RecordingReporter(stop))
    assert names_in(Path(workspace.layout.environments)) == ["demo"]
    assert whole(demo) == before


def test_the_clone_of_a_clone_outlives_both(workspace: Workspace, make_environment: Callable[..., Environment]) -> None:
    make_environment("one", torch_backend="cpu")
    clone(workspace, "one", "two")
    clone(workspace, "two", "three")
    for name in ("one", "two"):
        workspace.environments.delete(workspace.environments.plan_deletion(name, purge=True), INITIATOR, SILENT)
    three = workspace.open_environment("three")
    assert three.status().in_sync
    assert three.run(["--quick-test-for-ci"], SILENT) == 0
    git(Path(three.layout.comfyui), "fsck", "--full")


def test_a_clone_puts_comfyuis_own_files_of_models_back_where_they_are_missing(
    workspace: Workspace, make_environment: Callable[..., Environment]
) -> None:
    demo = make_environment(torch_backend="none")
    models = Path(workspace.layout.models)
    (stock,) = models.rglob("*.yaml")
    content = stock.read_bytes()
    stock.unlink()
    (models / "mine.safetensors").write_bytes(b"mine")
    clone(workspace)
    assert stock.read_bytes() == content
    assert (models / "mine.safetensors").read_bytes() == b"mine"
    second = workspace.open_environment("second")
    assert os.readlink(second.layout.models_link) == os.readlink(demo.layout.models_link)
    stock.write_text("mine")
    clone(workspace, name="third")
    assert stock.read_text() == "mine"
