"""What the doctor finds, each fault made for real, and what it puts right."""

import fcntl
import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from comfydock_core.analyzers.doctor.environment import check_backend
from comfydock_core.caching.repository_mirrors import RepositoryMirrors
from comfydock_core.core.environment import Environment
from comfydock_core.core.workspace import Workspace
from comfydock_core.models.doctor import NOTE, OK, PROBLEM, Finding
from comfydock_core.models.exceptions import EnvironmentNotFound
from comfydock_core.models.operation import Initiator
from comfydock_core.models.packages.syncing import SyncRequest
from comfydock_core.repositories.history.conversion_note import note_text
from comfydock_core.utils.reporting import SilentReporter
from tests.support.git_server import git_serving
from tests.support.miniature import Miniature, git
from tests.support.sessions import tree

SILENT = SilentReporter()


def examined(workspace: Workspace, name: str | None = None, *, deep: bool = False) -> dict[str, Finding]:
    """The findings that are not in order, by code."""
    found = workspace.health.examine(name, SILENT, deep=deep)
    return {finding.code: finding for finding in found if finding.severity != OK and finding.code != "git-identity"}


def mend(workspace: Workspace) -> None:
    workspace.health.mend(workspace.health.examine(None, SILENT), Initiator(("doctor", "--fix")), SILENT)


@pytest.fixture
def identity(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL"):
        monkeypatch.setenv(name, "ada@example.invalid")


def test_where_all_is_well_nothing_is_wrong(workspace: Workspace, demo: Environment, identity: None) -> None:
    found = workspace.health.examine(None, SILENT, deep=True)
    assert [finding for finding in found if finding.severity != OK] == []
    assert {"git", "uv", "workspace", "models", "disk", "packages", "venv", "lock", "backend", "files"} <= {
        finding.code for finding in found
    }


def test_looking_changes_nothing(workspace: Workspace, demo: Environment) -> None:
    """But for what uv notes in its own cache."""

    def seen() -> dict[str, object]:
        found = tree(Path(workspace.layout.root))
        return {path: content for path, content in found.items() if not path.startswith("uv_cache/")}

    before = seen()
    workspace.health.examine(None, SILENT, deep=True)
    assert seen() == before


def test_an_environment_that_does_not_exist_is_an_error(workspace: Workspace) -> None:
    with pytest.raises(EnvironmentNotFound):
        workspace.health.examine("nothing", SILENT)


# Tools


def test_without_git_and_uv_it_says_how_to_get_them(
    workspace: Workspace, empty_path: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMFYDOCK_UV", "/nowhere/uv")
    found = examined(workspace)
    assert (found["git-missing"].severity, found["uv-missing"].severity) == (PROBLEM, PROBLEM)
    assert "install git" in found["git-missing"].fix
    assert "COMFYDOCK_UV" in found["uv-missing"].fix


def test_programs_that_do_not_answer_are_told(
    workspace: Workspace, fake_program: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_program("git", "echo cannot run >&2; exit 3")
    monkeypatch.setenv("COMFYDOCK_UV", str(fake_program("uv", "exit 1")))
    assert {"git-broken", "uv-broken"} <= set(examined(workspace))


def test_an_old_git_is_told(workspace: Workspace, fake_program: Callable[[str, str], Path]) -> None:
    fake_program("git", "echo git version 2.17.1")
    assert examined(workspace)["git-old"].severity == PROBLEM


def test_a_git_that_does_not_know_the_user_is_worth_a_note(workspace: Workspace) -> None:
    (found,) = [finding for finding in workspace.health.examine(None, SILENT) if finding.code == "git-identity"]
    assert found.severity == NOTE
    assert "user.name and user.email" in found.message


# The workspace


def test_settings_that_cannot_be_read_are_told_and_the_rest_is_looked_at(
    workspace: Workspace, demo: Environment
) -> None:
    Path(workspace.layout.config_file).write_text("{")
    found = workspace.health.examine(None, SILENT)
    assert {"workspace-damaged", "venv", "disk"} <= {finding.code for finding in found}


def test_an_active_environment_that_is_gone_is_forgotten(workspace: Workspace, demo: Environment) -> None:
    config = Path(workspace.layout.config_file)
    config.write_text(config.read_text().replace('"active_environment": ""', '"active_environment": "gone"'))
    assert examined(workspace)["active-missing"].severity == PROBLEM
    mend(workspace)
    assert (examined(workspace), workspace.config().active_environment) == ({}, None)


@pytest.mark.parametrize("name", ["environments", "logs", "models"])
def test_a_missing_directory_is_made(workspace: Workspace, name: str) -> None:
    shutil.rmtree(f"{workspace.layout.root}/{name}", ignore_errors=True)
    assert set(examined(workspace)) == {"models-missing" if name == "models" else "directory-missing"}
    mend(workspace)
    assert examined(workspace) == {}


def test_a_cache_that_was_removed_is_nothing_wrong(workspace: Workspace) -> None:
    shutil.rmtree(workspace.layout.cache)
    assert examined(workspace) == {}


def test_a_file_in_the_place_of_a_directory_is_told_and_stays(workspace: Workspace) -> None:
    logs = Path(workspace.layout.logs)
    logs.rmdir()
    logs.write_text("mine")
    assert examined(workspace)["directory-blocked"].mending is None
    mend(workspace)
    assert logs.read_text() == "mine"


def test_a_models_directory_elsewhere_that_is_gone_is_not_made(workspace: Workspace, tmp_path: Path) -> None:
    """A disk that is not mounted would be hidden by it."""
    config = Path(workspace.layout.config_file)
    config.write_text(config.read_text().replace(workspace.layout.models, str(tmp_path / "disk/weights")))
    assert examined(workspace)["models-missing"].mending is None
    mend(workspace)
    assert not (tmp_path / "disk").exists()


def test_a_disk_that_is_nearly_full_is_told(
    small_disk: Callable[[str], Path], local: Miniature, workspace: Workspace
) -> None:
    disk = small_disk("size=50m")
    made = Workspace.initialise(Workspace.plan_initialisation(str(disk / "workspace")))
    assert examined(made)["disk-full"].severity == PROBLEM


def test_a_directory_on_a_read_only_disk_is_told(small_disk: Callable[[str], Path]) -> None:
    disk = small_disk("size=50m")
    made = Workspace.initialise(Workspace.plan_initialisation(str(disk / "workspace")))
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    assert examined(made)["directory-not-writable"].severity == PROBLEM


def test_a_damaged_mirror_is_removed(workspace: Workspace, local: Miniature, tmp_path: Path) -> None:
    mirrors = RepositoryMirrors(workspace.layout.git_mirrors)
    with git_serving(local.directory) as server:
        address = server.address("ComfyUI/.git")
        mirrors.clone(address, str(tmp_path / "clone"), wanted=None, reporter=SILENT)
    assert examined(workspace) == {}
    (pack,) = Path(mirrors.path(address)).glob("objects/pack/*.pack")
    pack.chmod(0o644)
    with pack.open("r+b") as file:
        file.truncate(100)
    assert examined(workspace)["mirror-damaged"].severity == NOTE
    mend(workspace)
    assert (examined(workspace), os.path.exists(mirrors.path(address))) == ({}, False)


def interrupt(journal: Path) -> None:
    """Make it that of an operation that was killed before its last line."""
    journal.write_text("".join(journal.read_text().splitlines(keepends=True)[:-1]))


def test_an_operation_that_was_stopped_is_told(workspace: Workspace, demo: Environment) -> None:
    (operation,) = Path(workspace.layout.environments, ".ops").glob("0*")
    interrupt(operation / "journal")
    found = examined(workspace)["operation-unfinished"]
    assert found.message == "operation 1 (`create demo`) was interrupted"
    assert "comfydock operation resume" in found.fix


def test_a_change_of_models_that_was_stopped_is_told_with_its_place(workspace: Workspace) -> None:
    models = workspace.layout.models
    Path(models, "a.safetensors").write_bytes(b"weights")
    workspace.models.sync(SILENT, hash_files=True)
    workspace.models.delete(workspace.models.plan_deletion("a.safetensors", SILENT), Initiator(("model",)), SILENT)
    assert "operation-unfinished" not in examined(workspace)
    (operation,) = Path(models, ".ops").glob("0*")
    interrupt(operation / "journal")
    found = examined(workspace)["operation-unfinished"]
    assert found.message.endswith(f"was interrupted in `{models}`")
    assert "comfydock operation resume" in found.fix


@pytest.mark.parametrize("damage", ["everything", "one page"])
def test_a_damaged_index_of_models_is_told(workspace: Workspace, damage: str) -> None:
    for number in range(200):
        Path(workspace.layout.models, f"{number}.safetensors").write_bytes(b"weights")
    workspace.models.sync(SILENT, hash_files=False)
    assert "model-index-unusable" not in examined(workspace)
    index = Path(workspace.layout.model_index)
    content = bytearray(index.read_bytes())
    begins, ends = (0, len(content)) if damage == "everything" else (len(content) - 4096, len(content))
    content[begins:ends] = b"\xff" * (ends - begins)
    index.write_bytes(content)
    found = examined(workspace)["model-index-unusable"]
    assert (found.severity, "is damaged" in found.message) == (PROBLEM, True)
    assert "comfydock model index sync" in found.fix


def test_an_index_of_models_with_other_tables_is_told(workspace: Workspace) -> None:
    workspace.models.sync(SILENT, hash_files=False)
    connection = sqlite3.connect(workspace.layout.model_index)
    connection.execute("ALTER TABLE locations RENAME COLUMN folder TO directory")
    connection.close()
    found = examined(workspace)["model-index-unusable"]
    assert found.message.endswith("its tables are not those of this ComfyDock")


def test_a_change_under_way_is_no_fault(workspace: Workspace, demo: Environment) -> None:
    with open(f"{workspace.layout.environments}/.ops/lock") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert examined(workspace)["operation-running"].severity == NOTE


# An environment


def site_packages(demo: Environment) -> Path:
    (found,) = Path(demo.layout.venv).glob("lib/*/site-packages")
    return found


def test_an_environment_that_was_never_finished_is_told(workspace: Workspace, demo: Environment) -> None:
    os.unlink(demo.layout.complete_marker)
    assert examined(workspace, "demo")["environment-incomplete"].severity == PROBLEM


def test_a_manifest_that_cannot_be_read_is_told_and_the_rest_is_looked_at(
    workspace: Workspace, demo: Environment
) -> None:
    Path(demo.layout.manifest).write_text("[")
    codes = {finding.code for finding in workspace.health.examine("demo", SILENT)}
    assert {"manifest-damaged", "venv"} <= codes


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("workflows = 3", "`workflows` is not a table"),
        ("custom_node_map = 3", "`custom_node_map` is not a table"),
        ("workflows.one = 3", "`one` is not a table"),
        ("workflows.one.custom_node_map = 3", "`custom_node_map` is not a table"),
        ("torch_backend = 3", "`torch_backend` is not text"),
    ],
)
def test_a_part_of_the_manifest_of_another_type_is_told_once(
    workspace: Workspace, demo: Environment, text: str, reason: str
) -> None:
    path = Path(demo.layout.manifest)
    path.write_text(path.read_text().replace("[tool.comfydock]\n", f"[tool.comfydock]\n{text}\n"))
    found = [one for one in workspace.health.examine("demo", SILENT) if one.code == "manifest-damaged"]
    assert [(one.severity, one.message) for one in found] == [(PROBLEM, f"cannot read the manifest `{path}`: {reason}")]
    assert "repair the file by hand" in found[0].fix


def test_a_damaged_virtual_environment_is_told_by_name(workspace: Workspace, demo: Environment) -> None:
    (site_packages(demo) / "mini_base-1.5.dist-info/METADATA").write_text("")
    found = examined(workspace)["venv-damaged"]
    assert found.message == "its virtual environment is damaged: the `METADATA` of mini_base-1.5 is empty"
    assert found.fix == "`comfydock repair -e demo`"


def test_a_python_that_is_gone_is_told(workspace: Workspace, demo: Environment) -> None:
    os.unlink(f"{demo.layout.venv}/bin/python")
    assert "there is no Python at" in examined(workspace)["venv-damaged"].message


def test_another_python_than_wanted_is_told(workspace: Workspace, demo: Environment) -> None:
    Path(demo.layout.python_version).write_text("3.12\n")
    assert ", but 3.12 is required" in examined(workspace)["python-version"].message
    Path(demo.layout.python_version).write_text("3\n")
    assert "python-version" not in examined(workspace)


def test_an_environment_of_1x_cannot_be_moved_yet(workspace: Workspace, demo: Environment) -> None:
    config = Path(demo.layout.venv, "pyvenv.cfg")
    config.write_text(config.read_text().replace("relocatable = true", ""))
    assert examined(workspace)["venv-fixed-place"].severity == NOTE


def test_missing_comfyui_and_packs_are_told(workspace: Workspace, demo: Environment) -> None:
    manifest = Path(demo.layout.manifest)
    manifest.write_text(manifest.read_text() + '\n[tool.comfydock.nodes.fancy]\nname = "Fancy"\n')
    assert examined(workspace)["packs-missing"].details == ("Fancy",)
    os.rename(demo.layout.comfyui, f"{demo.layout.root}/elsewhere")
    found = examined(workspace)
    assert found["comfyui-missing"].severity == PROBLEM
    assert found["models-link"].mending is None


def test_what_is_told_about_comfyui_puts_it_right(workspace: Workspace, demo: Environment, local: Miniature) -> None:
    os.unlink(f"{demo.layout.comfyui}/main.py")
    follow(examined(workspace)["comfyui-missing"])
    assert examined(workspace) == {}
    git(Path(demo.layout.comfyui), "reset", "--quiet", "--soft", local.commits["v0.1.0"])
    git(Path(demo.layout.comfyui), "reset", "--quiet")
    git(Path(demo.layout.comfyui), "checkout", "--quiet", "--", ".", ":(exclude)models")
    follow(examined(workspace)["comfyui-drift"])
    assert examined(workspace) == {}


def follow(finding: Finding) -> None:
    """Run the command that a finding quotes."""
    (command,) = re.findall(r"`([^`]*)`", finding.fix)
    subprocess.run(command, shell=True, check=True, capture_output=True)


def test_packages_that_are_not_as_locked_are_listed(workspace: Workspace, demo: Environment) -> None:
    shutil.rmtree(site_packages(demo) / "mini_base-1.5.dist-info")
    found = examined(workspace)["packages-drift"]
    assert (found.details, found.fix) == (("- mini_base 1.5",), "`comfydock sync -e demo`")


def test_a_lock_that_does_not_fit_the_manifest_is_told(workspace: Workspace, demo: Environment) -> None:
    manifest = Path(demo.layout.manifest)
    manifest.write_text(manifest.read_text().replace('"mini-imaging>=1.0"', '"mini-imaging>=1.0", "mini-windows"'))
    lock = Path(demo.layout.lock).read_bytes()
    assert "sync --relock" in examined(workspace)["lock-outdated"].fix
    assert Path(demo.layout.lock).read_bytes() == lock
    os.unlink(demo.layout.lock)
    assert examined(workspace)["lock-missing"].severity == PROBLEM


@pytest.mark.parametrize("how", ["missing", "elsewhere", "dangling"])
def test_a_models_link_is_put_right(workspace: Workspace, demo: Environment, tmp_path: Path, how: str) -> None:
    os.unlink(demo.layout.models_link)
    if how != "missing":
        os.symlink(tmp_path if how == "elsewhere" else tmp_path / "nothing", demo.layout.models_link)
    assert examined(workspace)["models-link"].severity == PROBLEM
    mend(workspace)
    assert examined(workspace) == {}
    assert os.readlink(demo.layout.models_link) == workspace.layout.models


def test_a_models_directory_of_its_own_stays(workspace: Workspace, demo: Environment) -> None:
    os.unlink(demo.layout.models_link)
    os.mkdir(demo.layout.models_link)
    Path(demo.layout.models_link, "mine").write_text("weights")
    assert examined(workspace)["models-link"].mending is None
    mend(workspace)
    assert Path(demo.layout.models_link, "mine").read_text() == "weights"


@pytest.mark.parametrize(
    ("chosen", "detected", "code", "severity"),
    [
        ("cpu", "cpu", "backend", OK),
        ("cu128", "cu128", "backend", OK),
        ("cpu", "cu128", "backend-unused", NOTE),
        ("cu128", "cpu", "backend-mismatch", PROBLEM),
        ("cu126", "cu128", "backend-other", NOTE),
    ],
)
def test_a_back_end_is_held_to_the_machine(
    demo: Environment, chosen: str, detected: str, code: str, severity: str
) -> None:
    Path(demo.layout.definition, ".pytorch-backend").write_text(f"{chosen}\n")
    (found,) = check_backend(demo.layout, detected)
    assert (found.code, found.severity) == (code, severity)


@pytest.mark.parametrize("chosen", [None, "none", "pypi", ""])
def test_a_back_end_for_any_machine_is_not_judged(demo: Environment, chosen: str | None) -> None:
    file = Path(demo.layout.definition, ".pytorch-backend")
    file.unlink() if chosen is None else file.write_text(chosen)
    assert list(check_backend(demo.layout, "cu128")) == []


def test_one_that_runs_is_told(workspace: Workspace, demo: Environment) -> None:
    command = [f"{demo.layout.venv}/bin/python", "main.py", "--port", "0"]
    process = subprocess.Popen(command, cwd=demo.layout.comfyui, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        while "go to" not in process.stdout.readline():
            assert process.poll() is None
        assert f"process {process.pid}" in examined(workspace)["running"].message
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("deep", [False, True])
def test_a_changed_file_is_found_and_the_cache_that_shares_it(
    workspace: Workspace, demo: Environment, deep: bool
) -> None:
    module = site_packages(demo) / "mini_base/__init__.py"
    content = module.read_bytes()
    with module.open("r+b") as file:  # As an editor may: into the file that all share.
        file.write(content.replace(b"1.5", b"1.6"))
    found = examined(workspace, deep=deep)
    assert found["files-changed"].details == ("`mini_base/__init__.py` of mini_base-1.5 was changed",)
    poisoned = found["uv-cache-poisoned"]
    assert "`comfydock repair -e demo`" in poisoned.fix
    assert poisoned.details[0].startswith(workspace.layout.uv_cache)


def test_a_file_changed_in_one_place_only_leaves_the_cache_out(workspace: Workspace, demo: Environment) -> None:
    module = site_packages(demo) / "mini_base/__init__.py"
    content = module.read_bytes()
    module.unlink()
    module.write_bytes(content.replace(b"1.5", b"1.6"))
    assert set(examined(workspace, deep=True)) == {"files-changed"}
    module.unlink()
    assert set(examined(workspace, deep=True)) == {"files-changed"}


def test_who_shares_a_changed_file_is_told_and_a_repair_heals_the_cache_too(
    workspace: Workspace, demo: Environment, make_environment: Callable[..., Environment]
) -> None:
    twin = make_environment("twin")
    module = site_packages(demo) / "mini_base/__init__.py"
    content = module.read_bytes()
    with module.open("r+b") as file:  # As guides tell people to, and of the same size, which nothing else would notice.
        file.write(content.replace(b"1.5", b"1.6"))
    found = examined(workspace, "demo")
    assert {"files-changed", "files-shared", "uv-cache-poisoned"} == set(found)
    assert "`comfydock repair -e demo`, `comfydock repair -e twin`" in found["files-shared"].fix
    assert "files-changed" in examined(workspace, "twin")
    for name in ("demo", "twin"):
        plan = workspace.definitions.plan_sync(name, SyncRequest("repair", fresh=True))
        workspace.definitions.sync(plan, Initiator(("repair",)), SILENT)
    assert examined(workspace, deep=True) == {}
    places = [site_packages(one) for one in (demo, twin, make_environment("third"))]
    assert [(place / "mini_base/__init__.py").read_bytes() for place in places] == [content] * 3


def test_a_file_that_was_only_written_again_is_none_that_changed(workspace: Workspace, demo: Environment) -> None:
    (site_packages(demo) / "mini_base/__init__.py").touch()
    assert examined(workspace) == {}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_workspace_of_another_user_is_told(workspace: Workspace, demo: Environment) -> None:
    os.chown(f"{demo.layout.definition}/.git", 12345, 12345)
    found = examined(workspace)["owner"]
    assert f"{demo.layout.definition}/.git" in found.message
    assert "safe.directory" in found.fix


def test_links_among_the_models_that_lead_nowhere_are_told(workspace: Workspace, demo: Environment) -> None:
    checkpoints = Path(workspace.layout.models, "checkpoints")
    checkpoints.mkdir(exist_ok=True)
    (checkpoints / "a.safetensors").symlink_to("/nowhere/a")
    (checkpoints / "note.txt").symlink_to("/nowhere/note")
    found = examined(workspace, demo.name)["model-links-dangling"]
    assert (found.severity, found.message[:6]) == (NOTE, "1 link")
    assert found.details == (f"{demo.layout.comfyui}/models/checkpoints/a.safetensors → /nowhere/a",)


def test_roots_that_are_not_there_are_told_with_what_removes_them(workspace: Workspace, demo: Environment) -> None:
    file = Path(demo.layout.comfyui, "extra_model_paths.yaml")
    file.write_text("my disk:\n  base_path: /mnt/gone\n  vae: vae\nhere:\n  vae: .\n  vae: .\n")
    found = examined(workspace, demo.name)
    assert (found["model-root-absent"].severity, found["model-paths-odd"].severity) == (NOTE, NOTE)
    assert found["model-root-absent"].fix == f"mount it, or `comfydock model root remove -e {demo.name} 'my disk'`"
    assert "line 6" in found["model-paths-odd"].message


def test_what_is_told_about_a_root_that_is_gone_takes_no_other_root_along(
    workspace: Workspace, demo: Environment
) -> None:
    file = Path(demo.layout.comfyui, "extra_model_paths.yaml")
    file.write_text("mixed:\n  checkpoints: /mnt/gone\n  vae: .\n")
    found = examined(workspace, demo.name)["model-root-absent"]
    assert found.message == "the directory of models `/mnt/gone` is not there"
    assert found.fix.startswith(f"mount it, or take it out of the section `mixed` of `{file}`")


def test_what_removes_a_section_whose_name_looks_like_an_option_removes_it(
    workspace: Workspace, demo: Environment
) -> None:
    Path(demo.layout.comfyui, "extra_model_paths.yaml").write_text("-x:\n  vae: /mnt/gone\n")
    found = examined(workspace, demo.name)["model-root-absent"]
    assert found.fix == f"mount it, or `comfydock model root remove -e {demo.name} -- -x`"


def test_a_link_in_the_place_of_the_model_paths_that_leads_nowhere_is_told(
    workspace: Workspace, demo: Environment
) -> None:
    Path(demo.layout.comfyui, "extra_model_paths.yaml").symlink_to("/mnt/gone/paths.yaml")
    found = examined(workspace, demo.name)["model-paths-dangling"]
    assert (found.severity, "`/mnt/gone/paths.yaml`, which is not there" in found.message) == (NOTE, True)


def test_a_file_of_model_paths_that_keeps_comfyui_from_starting_is_a_problem(
    workspace: Workspace, demo: Environment
) -> None:
    Path(demo.layout.comfyui, "extra_model_paths.yaml").write_text("a:\n  loras:\n")
    found = examined(workspace, demo.name)["model-paths-invalid"]
    assert (found.severity, "line 2: the value of `loras` is missing" in found.message) == (PROBLEM, True)


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unreadable to the superuser")
def test_a_directory_of_models_that_cannot_be_read_is_a_problem(workspace: Workspace, demo: Environment) -> None:
    vae = Path(workspace.layout.models, "vae")
    vae.mkdir(exist_ok=True)
    vae.chmod(0)
    try:
        assert examined(workspace, demo.name)["model-root-unreadable"].severity == PROBLEM
    finally:
        vae.chmod(0o755)


def test_files_that_comfyui_shows_nowhere_are_told_with_the_reason(workspace: Workspace, demo: Environment) -> None:
    models = Path(workspace.layout.models)
    for path in ("checkpoints/a.safetensors", "Checkpoint/b.safetensors", "vae/c.onnx", "vae/readme.txt", ".ops/d.pt"):
        (models / path).parent.mkdir(exist_ok=True)
        (models / path).write_bytes(b"x")
    found = examined(workspace, demo.name)["models-unseen"]
    assert (found.severity, found.message[:26]) == (NOTE, "ComfyUI shows 2 files nowh")
    assert [detail.rpartition("/")[2].split(": ")[0] for detail in found.details] == ["b.safetensors", "c.onnx"]
    assert "`.onnx` is not one of its extensions" in found.details[1]


@pytest.mark.parametrize("sign", ["MERGE_HEAD", "CHERRY_PICK_HEAD", "rebase-merge"])
def test_what_git_has_not_finished_in_the_definition_is_told(
    workspace: Workspace, demo: Environment, sign: str
) -> None:
    path = Path(demo.layout.definition, ".git", sign)
    path.write_text("")
    found = examined(workspace)["history-unfinished"]
    assert (found.severity, found.details) == (PROBLEM, (str(path),))


def following(definition: Path, remote: str, branch: str) -> None:
    git(definition, "config", "branch.main.remote", remote)
    git(definition, "config", "branch.main.merge", f"refs/heads/{branch}")


def test_a_branch_that_follows_what_is_there_is_no_fault(workspace: Workspace, demo: Environment) -> None:
    definition = Path(demo.layout.definition)
    git(definition, "remote", "add", "origin", "https://git.example.com/work.git")
    git(definition, "update-ref", "refs/remotes/origin/main", "HEAD")
    following(definition, "origin", "main")
    assert examined(workspace) == {}


def test_a_branch_that_follows_a_remote_that_is_gone_is_told(workspace: Workspace, demo: Environment) -> None:
    definition = Path(demo.layout.definition)
    git(definition, "remote", "add", "hub", "https://git.example.com/work.git")
    following(definition, "origin", "main")
    found = examined(workspace)["upstream-missing"]
    assert (found.severity, found.message) == (NOTE, "`main` follows `origin/main`, and there is no such remote")
    assert "`comfydock push hub -e demo`" in found.fix


def test_a_branch_that_follows_one_that_is_gone_is_told(workspace: Workspace, demo: Environment) -> None:
    definition = Path(demo.layout.definition)
    git(definition, "remote", "add", "origin", "https://git.example.com/work.git")
    following(definition, "origin", "faces")
    found = examined(workspace)["upstream-missing"]
    assert (found.severity, "`main` follows `origin/faces`, which is not known here" in found.message) == (NOTE, True)
    assert "`comfydock fetch origin -e demo`" in found.fix


def test_a_login_in_what_a_branch_follows_is_not_told(workspace: Workspace, demo: Environment) -> None:
    following(Path(demo.layout.definition), "https://alice:s3cret@git.example.com/work.git", "main")
    assert "s3cret" not in str(examined(workspace)["upstream-missing"])


def test_a_lock_that_git_left_long_ago_is_told(workspace: Workspace, demo: Environment) -> None:
    lock = Path(demo.layout.definition, ".git/index.lock")
    lock.write_text("")
    assert "history-locked" not in examined(workspace)  # A living git's.
    os.utime(lock, (0, 0))
    assert examined(workspace)["history-locked"].details == (str(lock),)
    lock.write_text("comfydock 7\n")
    os.utime(lock, (0, 0))
    assert "history-locked" not in examined(workspace)


@pytest.mark.parametrize("damage", [b"\xff\x00", b"[1", b"null", b'{"commit": "x", "files": {"a": 1}}', b"[" * 200_000])
def test_a_damaged_note_of_a_conversion_is_told_and_removed(
    workspace: Workspace, demo: Environment, damage: bytes
) -> None:
    note = Path(demo.layout.definition, ".git/comfydock-converted")
    note.write_bytes(damage)
    assert demo.status().definition.converted == []
    found = examined(workspace)
    assert (set(found), found["conversion-note-damaged"].severity) == ({"conversion-note-damaged"}, NOTE)
    mend(workspace)
    assert (note.exists(), examined(workspace)) == (False, {})


def test_a_directory_in_the_place_of_the_note_of_a_conversion_is_removed_and_kept_for_undo(
    workspace: Workspace, demo: Environment
) -> None:
    note = Path(demo.layout.definition, ".git/comfydock-converted")
    note.mkdir()
    (note / "mine").write_text("mine")
    assert "conversion-note-damaged" in examined(workspace)
    mend(workspace)
    assert not note.exists()
    operations = workspace.operations(demo.name)
    operations.undo(operations.plan_undo(None), Initiator(("undo",)), SILENT)
    assert (note / "mine").read_text() == "mine"


def test_a_note_of_a_conversion_that_can_be_read_is_no_fault(workspace: Workspace, demo: Environment) -> None:
    note = Path(demo.layout.definition, ".git/comfydock-converted")
    note.write_text(note_text("1" * 40, {"pyproject.toml": "2" * 40}))
    assert examined(workspace) == {}


def test_damaged_locks_of_workflows_are_told(workspace: Workspace, demo: Environment) -> None:
    lock = Path(demo.layout.definition, "workflow-locks/below/faces.json")
    lock.parent.mkdir(parents=True)
    lock.write_text("{")
    found = examined(workspace)["workflow-lock-damaged"]
    assert found.message == "1 of the locks of its workflows cannot be used"
    assert str(lock) in found.details[0]


def stashed(definition: Path, number: int) -> str:
    made = git(definition, "-c", "user.name=a", "-c", "user.email=b", "commit-tree", "HEAD^{tree}", "-p", "HEAD",
               "-m", f"stash {number}").strip()  # fmt: skip
    git(definition, "update-ref", f"refs/comfydock/stash/{number}", made)
    return made


def forget(definition: Path, name: str) -> None:
    place = definition / ".git/objects" / name[:2] / name[2:]
    place.chmod(0o644)
    place.unlink()


def test_a_stash_whose_commit_is_missing_is_told(workspace: Workspace, demo: Environment) -> None:
    definition = Path(demo.layout.definition)
    stashed(definition, 1)
    assert "stash-damaged" not in examined(workspace)
    forget(definition, stashed(definition, 2))
    found = examined(workspace)
    assert found["stash-damaged"].details == ("refs/comfydock/stash/2",)
    assert "history-damaged" not in found
    git(definition, "update-ref", "-d", "refs/comfydock/stash/2")
    assert "stash-damaged" not in examined(workspace)


@pytest.mark.parametrize("how", ["missing", "damaged"])
def test_a_history_that_lacks_something_is_told(workspace: Workspace, demo: Environment, how: str) -> None:
    definition = Path(demo.layout.definition)
    name = git(definition, "rev-parse", "HEAD:pyproject.toml").strip()
    place = definition / ".git/objects" / name[:2] / name[2:]
    place.chmod(0o644)
    if how == "missing":
        place.unlink()
    else:
        place.write_bytes(place.read_bytes()[:-10] + b"0123456789")
    found = examined(workspace)["history-damaged"]
    assert found.severity == PROBLEM
    assert any(name in line for line in found.details)


def test_a_commit_that_comfyui_was_at_and_lacks_is_told(workspace: Workspace, demo: Environment) -> None:
    comfyui = Path(demo.layout.comfyui)
    (comfyui / ".git/refs/comfydock/kept").mkdir(parents=True)
    (comfyui / f".git/refs/comfydock/kept/{'1' * 40}").write_text(f"{'1' * 40}\n")
    found = examined(workspace)["comfyui-commit-missing"]
    assert (found.severity, found.details) == (NOTE, (f"refs/comfydock/kept/{'1' * 40}",))


@pytest.mark.parametrize(
    ("directory", "code"),
    [
        ("comfydock_cache/bisect", "bisection-left"),
        ("comfydock_cache/bundles", "scratch-left"),
        ("uv/python/.comfydock", "scratch-left"),
    ],
)
def test_what_a_killed_command_worked_in_is_removed_unless_one_is_at_work_there(
    workspace: Workspace, demo: Environment, directory: str, code: str
) -> None:
    left, busy = (Path(workspace.layout.root, directory, name) for name in ("dead", "alive"))
    for place in (left, busy):
        (place / "demo/.cec").mkdir(parents=True)
    lock = os.open(f"{busy}.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        found = examined(workspace)[code]
        assert str(left) == (found.mending.target if found.mending else None)
        mend(workspace)
        assert (left.exists(), busy.exists()) == (False, True)
    finally:
        os.close(lock)
    mend(workspace)
    assert os.listdir(busy.parent) == []


def test_reports_of_starts_that_cannot_be_read_are_removed(workspace: Workspace, demo: Environment) -> None:
    starts = Path(workspace.layout.start_reports(demo.name))
    starts.mkdir(parents=True)
    (starts / "bad.json").write_text("{")
    (starts / "good.json").write_text('{"date": "2026-01-01", "understood": true, "packs": []}')
    assert str(starts / "bad.json") in examined(workspace)["start-report-damaged"].message
    mend(workspace)
    assert os.listdir(starts) == ["good.json"]


def test_patches_that_are_held_and_not_applied_are_told(workspace: Workspace, demo: Environment) -> None:
    patches = Path(demo.layout.definition, "patches")
    patches.mkdir()
    main = Path(demo.layout.comfyui, "main.py")
    before = main.read_text()
    main.write_text(f"{before}# mine\n")
    (patches / "ComfyUI.patch").write_text(git(Path(demo.layout.comfyui), "diff", "--full-index", "--", "main.py"))
    assert not {"patches-not-applied", "patch-unusable"} & examined(workspace).keys()
    main.write_text(before)
    assert examined(workspace)["patches-not-applied"].details == ("ComfyUI",)
    (patches / "ComfyUI.patch").write_text("nonsense")
    assert "`patches/ComfyUI.patch` cannot be applied" in examined(workspace)["patch-unusable"].message
