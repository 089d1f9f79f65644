"""Directories of models of an environment: found, added, refused, removed, and never lost."""

import subprocess
import sys
from pathlib import Path

import pytest

from comfydock_core.core.environment import Environment
from comfydock_core.core.workspace import Workspace
from comfydock_core.models.exceptions import ChangedMeanwhile, ModelPathsInvalid, ModelRootNotFound, ModelRootRefused
from comfydock_core.models.operation import Initiator
from comfydock_core.models.packages.syncing import SyncRequest
from comfydock_core.utils.reporting import SilentReporter

SILENT = SilentReporter()
INITIATOR = Initiator(("model", "root"))


@pytest.fixture
def file(demo: Environment) -> Path:
    return Path(demo.layout.comfyui, "extra_model_paths.yaml")


def add(workspace: Workspace, path: Path | str, **options: object) -> tuple[tuple[str, str], ...]:
    plan = workspace.model_roots.plan_addition("demo", str(path), **options)  # type: ignore[arg-type]
    workspace.model_roots.change(plan, INITIATOR, SILENT)
    return plan.folders


def remove(workspace: Workspace, what: str) -> None:
    workspace.model_roots.change(workspace.model_roots.plan_removal("demo", what), INITIATOR, SILENT)


def make(place: Path, *folders: str) -> Path:
    for folder in folders:
        (place / folder).mkdir(parents=True)
    return place


@pytest.mark.parametrize(
    ("folders", "found"),
    [
        (["checkpoints", "loras"], [("checkpoints", "checkpoints")]),
        (["models/checkpoints", "models/vae", "output"],
         [("checkpoints", "models/checkpoints"), ("vae", "models/vae")]),
        (["models/Stable-diffusion", "models/VAE-more", "custom_nodes"],
         [("checkpoints", "models/Stable-diffusion"), ("vae", "models/VAE-more")]),
        (["Stable-diffusion", "VAE"], [("checkpoints", "Stable-diffusion"), ("vae", "VAE")]),
    ],
    ids=["plain", "a ComfyUI", "another program", "the models of another program"],
)  # fmt: skip
def test_folders_are_found_where_comfyui_and_its_example_have_them(
    workspace: Workspace, demo: Environment, tmp_path: Path, folders: list[str], found: list[tuple[str, str]]
) -> None:
    root = make(tmp_path / "root", *folders)
    assert list(add(workspace, root)) == found
    _, added = workspace.model_roots.overview("demo").roots
    assert (added.path, added.folders) == (str(root), tuple(folder for folder, _ in found))


def test_one_folder_in_two_places_gets_both_and_links_to_one_only_one(
    workspace: Workspace, demo: Environment, file: Path, tmp_path: Path
) -> None:
    root = make(tmp_path / "root", "vae", "models/VAE")
    (root / "models/vae").symlink_to(root / "vae")
    add(workspace, root)
    assert file.read_text().endswith("    vae: |\n        vae\n        models/VAE\n")


def test_folders_that_node_packs_add_are_known_too(workspace: Workspace, demo: Environment, tmp_path: Path) -> None:
    pack = make(Path(demo.layout.custom_nodes), "pack") / "pack"
    text = "import folder_paths, os\nfolder_paths.folder_names_and_paths['ipadapter'] = "
    (pack / "__init__.py").write_text(f"{text}([os.path.join(folder_paths.models_dir, 'ipadapter')], {{'.bin'}})\n")
    assert add(workspace, make(tmp_path / "root", "ipadapter")) == (("ipadapter", "ipadapter"),)


@pytest.mark.parametrize(
    ("name", "words", "hint"),
    [
        (
            "none",
            "none of the folders that ComfyUI knows: looked for were checkpoints, vae, ",
            "holds such folders",
        ),
        ("whole/vae", "has none of the folders", "whole` adds the directory above it"),
        ("absent", "there is no directory", "name one"),
        ("known", "the section `mine` names", "comfydock model root remove mine"),
    ],
)
def test_a_directory_that_is_of_no_use_is_refused_with_the_reason(
    workspace: Workspace, demo: Environment, file: Path, tmp_path: Path, name: str, words: str, hint: str
) -> None:
    make(tmp_path, "none/other", "whole/vae", "known/vae")
    file.write_text(f"mine:\n  base_path: {tmp_path}/known\n  vae: vae\n")
    with pytest.raises(ModelRootRefused, match=words) as caught:
        workspace.model_roots.plan_addition("demo", str(tmp_path / name))
    assert hint in (caught.value.hint or "")


def test_the_models_directory_of_the_workspace_need_not_be_added(workspace: Workspace, demo: Environment) -> None:
    with pytest.raises(ModelRootRefused, match="is ComfyUI's models directory"):
        workspace.model_roots.plan_addition("demo", workspace.layout.models)


def test_a_link_to_a_file_that_others_share_stays_a_link(
    workspace: Workspace, demo: Environment, file: Path, tmp_path: Path
) -> None:
    shared = tmp_path / "shared.yaml"
    shared.write_text("a:\n  vae: /vae\n")
    file.symlink_to(shared)
    root = make(tmp_path / "root", "vae")
    for plan in (lambda: add(workspace, root), lambda: remove(workspace, "a")):
        with pytest.raises(ModelRootRefused, match="is a link to"):
            plan()


def test_a_file_that_comfyui_does_not_take_is_an_error_and_stays(
    workspace: Workspace, demo: Environment, file: Path, tmp_path: Path
) -> None:
    file.write_text("a:\n\tvae: /vae\n")
    root = make(tmp_path / "root", "vae")
    for look in (lambda: workspace.model_roots.overview("demo"), lambda: add(workspace, root)):
        with pytest.raises(ModelPathsInvalid, match="line 2"):
            look()
    assert file.read_text() == "a:\n\tvae: /vae\n"


def test_a_file_without_any_section_is_put_right_by_adding_one(
    workspace: Workspace, demo: Environment, file: Path, tmp_path: Path
) -> None:
    file.write_text("# to come")
    add(workspace, make(tmp_path / "root", "vae"))
    assert file.read_text() == f"# to come\nroot:\n    base_path: {tmp_path}/root\n    vae: vae\n"


def test_names_of_sections_differ(workspace: Workspace, demo: Environment, tmp_path: Path) -> None:
    for place in ("a", "b"):
        add(workspace, make(tmp_path / place / "my models", "vae"))
    assert [section.name for section in workspace.model_roots.sections("demo")] == ["my-models", "my-models-2"]
    with pytest.raises(ModelRootRefused, match="there is a section `my-models` already"):
        add(workspace, make(tmp_path / "c", "vae"), section="my-models")


def test_a_section_is_removed_by_its_directory_unless_it_has_others(
    workspace: Workspace, demo: Environment, file: Path
) -> None:
    file.write_text("one:\n  vae: /disk/vae\nboth:\n  base_path: /both\n  vae: vae\n  loras: /else\n")
    with pytest.raises(ModelRootRefused, match="names other directories, too: /else"):
        remove(workspace, "/both")
    remove(workspace, "/disk/vae")
    assert file.read_text() == "both:\n  base_path: /both\n  vae: vae\n  loras: /else\n"
    with pytest.raises(ModelRootNotFound, match="`bothe` is neither") as caught:
        remove(workspace, "bothe")
    assert caught.value.hint == "did you mean `both`?"


def test_what_was_planned_is_void_when_the_file_was_edited_meanwhile(
    workspace: Workspace, demo: Environment, file: Path, tmp_path: Path
) -> None:
    plan = workspace.model_roots.plan_addition("demo", str(make(tmp_path / "root", "vae")))
    file.write_text("mine:\n  vae: /vae\n")
    with pytest.raises(ChangedMeanwhile):
        workspace.model_roots.change(plan, INITIATOR, SILENT)
    assert file.read_text() == "mine:\n  vae: /vae\n"


def test_the_mode_of_the_file_stays(workspace: Workspace, demo: Environment, file: Path, tmp_path: Path) -> None:
    file.write_text("mine:\n  vae: /vae\n")
    file.chmod(0o640)
    add(workspace, make(tmp_path / "root", "vae"))
    assert file.stat().st_mode & 0o777 == 0o640


def test_the_file_goes_along_and_is_kept_by_what_changes_the_environment(
    workspace: Workspace, demo: Environment, file: Path
) -> None:
    file.write_text("mine:\n  base_path: /vae\n")
    assert demo.status().comfyui.matches
    repair = workspace.definitions.plan_sync("demo", SyncRequest(command="repair", fresh=True))
    workspace.definitions.sync(repair, INITIATOR, SILENT)
    clone = workspace.environments.plan_cloning("demo", "other", activate=False)
    path = workspace.environments.clone(clone, INITIATOR, SILENT)
    copied = Path(path, "ComfyUI/extra_model_paths.yaml")
    assert (file.read_text(), copied.read_text()) == ("mine:\n  base_path: /vae\n",) * 2
    assert copied.stat().st_ino != file.stat().st_ino


def test_models_are_counted_once_and_by_what_comfyui_lists(
    workspace: Workspace, demo: Environment, file: Path, tmp_path: Path
) -> None:
    disk = make(tmp_path / "disk", "vae/sub")
    (disk / "vae/sub/a.pt").write_bytes(b"x" * 10)
    (disk / "vae/b.pt").symlink_to(disk / "vae/sub/a.pt")
    (disk / "vae/note.txt").write_bytes(b"x")
    (disk / "vae/gone.pt").symlink_to("/nowhere")
    (disk / "vae/loop").symlink_to(disk)
    file.write_text(f"d:\n  base_path: {disk}\n  is_default: true\n  vae: vae\n  more: vae/sub\n  loras: /mnt/gone\n")
    _, beside, root = workspace.model_roots.overview("demo").roots
    assert (beside.path, beside.present, beside.files) == ("/mnt/gone", False, 0)
    assert (root.path, root.files, root.bytes, root.is_default) == (str(disk), 1, 10, True)


def test_yaml_is_loaded_only_where_there_is_a_file_of_it(workspace: Workspace, demo: Environment, file: Path) -> None:
    code = (
        "import sys\nfrom comfydock_core.configs.workspace_layout import WorkspaceLayout\n"
        "from comfydock_core.core.workspace import Workspace\n"
        "from comfydock_core.utils.reporting import SilentReporter\n"
        f"workspace = Workspace(WorkspaceLayout({workspace.layout.root!r}))\n"
        "workspace.model_roots.overview('demo')\nworkspace.health.examine('demo', SilentReporter())\n"
        "print('ruamel.yaml' in sys.modules)"
    )

    def loaded() -> str:
        return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert loaded() == "False\n"
    file.write_text("a:\n  vae: /vae\n")
    assert loaded() == "True\n"
