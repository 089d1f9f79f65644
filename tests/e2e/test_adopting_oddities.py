"""An installation as years of use leave it: everything in it is taken over, or named with the reason."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.support.installations import add_venv, build_shelf, make_checkout, make_git_pack, make_registry_pack, seen
from tests.support.miniature import Miniature, git
from tests.support.sessions import Session

NO_TEXT = os.fsdecode(b"caf\xe9")
PACKAGES = "venv/lib/python3.11/site-packages"

# What each name among the custom nodes becomes: its fate, its source, whether it is on.
EXPECTED = {
    "Fancy": ("tracked", "git", True),
    "Fancy.disabled": ("tracked", "git", False),
    "Local": ("tracked", "git", True),
    "Off.disabled": ("tracked", "git", False),
    ".disabled/kept@1_2_0": ("tracked", "registry", False),
    "Greedy.disabled": ("copied", None, False),
    "comfyui-fancy": ("tracked", "registry", True),
    "Outside": ("linked", "development", True),
    "Inside": ("tracked", "git", True),
    "Worktree": ("tracked", "git", True),
    "Submodule": ("tracked", "git", True),
    "Borrowing": ("tracked", "git", True),
    "Wide": ("tracked", "development", True),
    "Nested": ("tracked", "development", True),
    "Project": ("tracked", "development", True),
    "VideoOne": ("tracked", "git", True),
    "VideoTwo": ("tracked", "git", True),
    "Pinned": ("tracked", "git", True),
    "Damaged": ("tracked", "git", True),
    "NoGit": ("tracked", "development", True),
    "節点": ("tracked", "development", True),
    NO_TEXT: ("copied", None, True),
    "single.py": ("copied", None, True),
    "off.py.disabled": ("copied", None, False),
    "notes.txt": ("copied", None, True),
    ".settings": ("copied", None, True),
    "Empty": ("left-out", None, True),
    "Gone": ("left-out", None, True),
    "__pycache__": ("left-out", None, True),
}


def distribution(comfyui: Path, name: str, version: str, more: str = "", origin: object = None) -> None:
    info = comfyui / PACKAGES / f"{name}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{more}")
    if origin is not None:
        (info / "direct_url.json").write_text(json.dumps(origin))


def fill_packages(comfyui: Path) -> None:
    """By hand: one that the index has, two that it lacks, a wheel with what only that asks for, two OpenCVs, tools."""
    distribution(comfyui, "mini_choice", "2.0")
    distribution(comfyui, "leftover", "9.9")
    distribution(comfyui, "mini_blend", "7.0")
    distribution(comfyui, "of_mine", "1.0", "Requires-Dist: below_mine\n", {"url": "file:///disk/of_mine.whl"})
    distribution(comfyui, "below_mine", "1.0")
    distribution(comfyui, "opencv_python", "4.10")
    distribution(comfyui, "opencv_python_headless", "4.10")
    distribution(comfyui, "pip", "25.0")
    shutil.rmtree(next((comfyui / PACKAGES).glob("torch-*.dist-info")))
    distribution(comfyui, "torch", "2.8.0")
    (comfyui / PACKAGES / "torch/version.py").write_text("__version__ = '2.8.0+cpu'\n")


def fill_packs(comfyui: Path, elsewhere: Path) -> None:
    nodes = comfyui / "custom_nodes"
    for name in ("Fancy", "Fancy.disabled", "Local", "Off.disabled", "Damaged"):
        make_git_pack(nodes / name)
    make_git_pack(nodes / "Greedy.disabled", requires="mini-masks==99\n")
    make_git_pack(nodes / "VideoOne", requires="opencv-python\n")
    make_git_pack(nodes / "VideoTwo", requires="opencv-python-headless\n")
    make_git_pack(nodes / "Pinned", requires="torch==2.1.0+cu121\n")
    make_registry_pack(nodes / "comfyui-fancy", "comfyui-fancy", "1.2.0")
    make_registry_pack(nodes / ".disabled/kept@1_2_0", "kept", "1.2.0")
    (nodes / "Local/nodes.py").write_text("mine = 1\n")
    blob = git(nodes / "Damaged", "rev-parse", "HEAD:nodes.py").strip()
    (nodes / f"Damaged/.git/objects/{blob[:2]}/{blob[2:]}").unlink()
    fill_links(comfyui, elsewhere)
    for name in ("Wide", "Nested", "Project", "NoGit", "節点", NO_TEXT):
        (nodes / name).mkdir()
        (nodes / name / "nodes.py").write_text("one = 1\n")
    (nodes / "Wide/requirements.txt").write_bytes("mini-imaging\n".encode("utf-16"))
    (nodes / "Nested/requirements.txt").write_text("-r more.txt\n")
    (nodes / "Nested/more.txt").write_text("mini-base\n")
    project = '[project]\nname = "p"\nversion = "1"\ndependencies = ["mini-math"]\n'
    (nodes / "Project/pyproject.toml").write_text(project)
    for name in ("single.py", "off.py.disabled", "notes.txt"):
        (nodes / name).write_text("# mine\n")
    for name in (".settings", "Empty", "__pycache__"):
        (nodes / name).mkdir()
    (nodes / "Gone").symlink_to("/nowhere/at/all")


def fill_links(comfyui: Path, elsewhere: Path) -> None:
    """A link to elsewhere, a link into the installation, a worktree, a checkout that borrows objects, a submodule."""
    nodes, packs = comfyui / "custom_nodes", comfyui / "packs"
    make_git_pack(elsewhere / "Outside")
    (nodes / "Outside").symlink_to(elsewhere / "Outside")
    make_git_pack(packs / "Inside")
    (nodes / "Inside").symlink_to(packs / "Inside")
    git(packs / "Inside", "worktree", "add", "--quiet", "-b", "tried", str(nodes / "Worktree"))
    git(comfyui, "clone", "--quiet", "--shared", str(packs / "Inside"), str(nodes / "Borrowing"))
    make_git_pack(elsewhere / "Submodule", remote=None)
    words = ["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "--force"]
    git(comfyui, *words, (elsewhere / "Submodule").as_uri(), "custom_nodes/Submodule")
    git(comfyui, "-c", "user.name=Ada", "-c", "user.email=a@b.example", "commit", "--quiet", "-m", "My packs")


@pytest.fixture
def odd(source: Session, miniature: Miniature, tmp_path: Path) -> Path:
    """The installation; the session's indexes have what its packages came from."""
    shelf = build_shelf(tmp_path / "shelf")
    source.variables.update(shelf.variables())
    comfyui = make_checkout(tmp_path / "Früher/ComfyUI", miniature, "main")
    add_venv(comfyui, shelf)
    fill_packages(comfyui)
    fill_packs(comfyui, tmp_path / "elsewhere")
    (comfyui / "models/checkpoints").mkdir(parents=True, exist_ok=True)
    (comfyui / "models/checkpoints/a.safetensors").write_bytes(b"x" * 1000)
    (tmp_path / "disk/loras").mkdir(parents=True)
    (tmp_path / "disk/loras/b.safetensors").write_bytes(b"x" * 500)
    (comfyui / "extra_model_paths.yaml").write_text(f"disk:\n  base_path: {tmp_path}/disk\n  loras: loras\n")
    return comfyui


def check_packs(told: dict[str, Any]) -> None:
    packs = {pack["place"]: pack for pack in told["packs"]}
    found = {place: (pack["fate"], pack["source"], pack["enabled"]) for place, pack in packs.items()}
    expected = {place.encode("utf-8", "replace").decode(): fate for place, fate in EXPECTED.items()}
    assert {place.replace("\udce9", "?").replace("\ufffd", "?"): fate for place, fate in found.items()} == expected
    assert all(pack["notes"] for pack in packs.values() if pack["fate"] in ("copied", "left-out", "linked"))


def check_packages(told: dict[str, Any], comfyui: Path) -> None:
    names = {path.name.partition("-")[0] for path in (comfyui / PACKAGES).glob("*.dist-info")}
    packages = {package["name"].replace("-", "_"): package for package in told["packages"]}
    assert packages.keys() == names
    assert packages["mini_choice"]["fate"] == "own"
    for name in ("of_mine", "below_mine", "opencv_python", "opencv_python_headless", "pip"):
        assert (packages[name]["fate"], bool(packages[name]["reason"])) == ("left-out", True), name


def check_models(told: dict[str, Any], comfyui: Path, disk: Path) -> None:
    assert [(root["path"], root["files"], root["bytes"], root["seen"]) for root in told["models"]] == [
        (f"{comfyui}/models", told["models"][0]["files"], told["models"][0]["bytes"], False),
        (str(disk), 1, 500, True),
    ]


def test_everything_in_an_old_installation_is_accounted_for(source: Session, odd: Path, tmp_path: Path) -> None:
    """In the plan as afterwards, and in the lines as in the data."""
    places = {path.name for path in (odd / "custom_nodes").iterdir()} - {".disabled", ".gitkeep"}
    listed = {place.partition("/")[0] if not place.startswith(".disabled/") else place for place in EXPECTED}
    assert places - listed <= set(git(odd, "ls-files", "custom_nodes").replace("custom_nodes/", "").split())
    before = seen(odd)
    words = ("adopt", str(odd), "--name", "old")
    planned = source.data(*words, "--dry-run")
    check_packages(planned, odd)
    check_models(planned, odd, tmp_path / "disk")
    assert {pack["place"] for pack in planned["packs"]} >= EXPECTED.keys() - {NO_TEXT}
    assert "  packages: " in source.ok(*words, "--dry-run").out

    done = source.data(*words)
    assert seen(odd) == before
    check_packs(done)
    check_packages(done, odd)
    check_models(done, odd, tmp_path / "disk")
    packages = {package["name"]: package for package in done["packages"]}
    assert packages["mini_choice"]["now"] == "2.0"
    assert packages["leftover"]["reason"] == "no index has it"
    assert packages["mini_blend"]["fate"] == "left-out"
    assert all(package["now"] for package in packages.values() if package["fate"] != "left-out")
    assert done["torch_backend"] == "cpu"
    check_environment(source, odd, tmp_path)


def check_environment(source: Session, odd: Path, tmp_path: Path) -> None:
    """Nothing in the new environment needs the old place any more, and it works."""
    odd.parent.rename(tmp_path / "moved away")
    root = source.environments / "old"
    nodes = root / "ComfyUI/custom_nodes"
    for name in ("Inside", "Worktree", "Borrowing", "Submodule"):
        assert (nodes / name / ".git").is_dir(), name
        git(nodes / name, "fsck", "--connectivity-only")
    assert os.readlink(nodes / "Outside") == str(tmp_path / "elsewhere/Outside")
    assert (nodes / "Local/nodes.py").read_text() == "mine = 1\n"
    installed = {path.name.partition("-")[0] for path in (root / ".venv/lib").glob("python*/site-packages/*.dist-info")}
    assert [name for name in installed if name.startswith("opencv")] == ["opencv_contrib_python_headless"]
    assert "leftover" not in installed
    source.ok("-e", "old", "node", "enable", "Off")
    assert (nodes / "Off/nodes.py").is_file()
    status = source.data("status", "-e", "old")
    assert status["packages"]["state"] == "in-sync"
    assert "pytorch version" in source.ok("-e", "old", "run", "--quick-test-for-ci").out


def test_the_lines_after_an_adoption_count_everything_and_name_what_is_left_out(source: Session, odd: Path) -> None:
    lines = source.ok("adopt", str(odd), "--name", "old").out.splitlines()
    assert lines[1] == (
        "  node packs: 12 from git, 2 from the registry, 6 in development, 3 of them turned off, 6 copied without being"
        " tracked, 3 left out"
    )
    assert lines[2].startswith("  packages: ")
    assert "1 kept as your own" in lines[2]
    assert lines[3].startswith("  models: ")
    told = "\n".join(lines)
    for words in (
        "! custom_nodes/Gone: it is left out: it is a link to `/nowhere/at/all`, which is not there",
        "! custom_nodes/Greedy.disabled: it is copied, and not in the manifest: it does not fit the rest: ",
        "! custom_nodes/Pinned: torch==2.1.0+cu121 (requirements.txt:1) is left out: ",
        "! left out: leftover 9.9: no index has it; `comfydock -e old py add leftover` takes it in",
        "! left out: of_mine 1.0: it came from file:///disk/of_mine.whl, and not from an index; ",
    ):
        assert words in told, words
