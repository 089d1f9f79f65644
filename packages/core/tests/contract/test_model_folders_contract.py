"""What ComfyUI makes of `extra_model_paths.yaml` and what it lists: recorded answers of a real one beside ours.

With `COMFYDOCK_TEST_COMFYUI` a real checkout is asked as well. `model_path_probe.py` records.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import uv

from comfydock_core.analyzers.model_files.listing import listed_files
from comfydock_core.analyzers.model_files.model_folders import read_model_folders
from comfydock_core.models.exceptions import ModelPathsInvalid
from comfydock_core.models.model_files.folders import ModelFolder

HERE = Path(__file__).parent
CASES = HERE / "model_folders.json"
RECORDED: dict[str, Any] = json.loads(CASES.read_text(encoding="utf-8"))
FILES = {case["title"]: case for case in RECORDED["files"]}
LISTINGS = {listing["title"]: listing for listing in RECORDED["listings"]}
REAL = os.environ.get("COMFYDOCK_TEST_COMFYUI")

FOLDER_PATHS = """import os
base_path = os.path.dirname(os.path.realpath(__file__))
models_dir = os.path.join(base_path, "models")
folder_names_and_paths = {}
for name, directories, extensions in %r:
    folder_names_and_paths[name] = ([os.path.join(base_path, one) for one in directories], set(extensions))

def map_legacy(name):
    old = {"clip": "text_encoders", "unet": "diffusion_models"}
    return old.get(name, name)

def add_model_folder_path(name, directory, is_default=False):
    known = folder_names_and_paths.setdefault(map_legacy(name), ([], set()))[0]
    if is_default and directory in known:
        known.remove(directory)
    if directory not in known:
        known.insert(0 if is_default else len(known), directory)
"""
MAIN = """import os
import folder_paths
import utils.extra_config

def begin():
    path = os.path.join(os.path.dirname(os.path.realpath(__file__)), "extra_model_paths.yaml")
    if os.path.isfile(path):
        utils.extra_config.load_extra_path_config(path)
    for name, directory in %r:
        folder_paths.add_model_folder_path(name, os.path.join(folder_paths.base_path, directory))

begin()
"""


def write_stand_in(comfyui: Path) -> Path:
    """A ComfyUI with the folders of the recorded one, as its code might be written."""
    comfyui.mkdir()
    own = [(name, [within(one) for one in paths], extensions) for name, (paths, extensions) in RECORDED["own"].items()]
    added = [(name, within(one)) for name, paths in RECORDED["without a file"].items()
             for one in paths if one not in RECORDED["own"][name][0]]  # fmt: skip
    (comfyui / "folder_paths.py").write_text(FOLDER_PATHS % own)
    (comfyui / "main.py").write_text(MAIN % added)
    return comfyui


def within(path: str) -> str:
    return path.removeprefix("<place>/ComfyUI/")


def answer(comfyui: Path, text: str, place: Path, bare: dict[str, list[str]]) -> dict[str, Any]:
    """What we make of a file, in the form of the recorded answers: what is not as without a file."""
    file = comfyui / "extra_model_paths.yaml"
    file.write_text(text.replace("<place>", str(place)), encoding="utf-8", newline="")
    try:
        folders = read_model_folders(str(comfyui), None)
    except ModelPathsInvalid as error:
        return {"error": error.message}
    found = {folder.name: [one.replace(str(place), "<place>") for one in folder.directories] for folder in folders}
    return {"changed": [[name, paths] for name, paths in found.items() if bare.get(name) != paths]}


@pytest.fixture
def variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in RECORDED["variables"].items():
        monkeypatch.setenv(name, value.replace("<place>", str(tmp_path)))
    monkeypatch.delenv("NO_SUCH_VARIABLE", raising=False)


@pytest.mark.usefixtures("variables")
@pytest.mark.parametrize("title", FILES)
def test_a_file_leads_where_it_leads_comfyui_and_fails_where_comfyui_fails(tmp_path: Path, title: str) -> None:
    ours = answer(write_stand_in(tmp_path / "ComfyUI"), FILES[title]["text"], tmp_path, RECORDED["without a file"])
    theirs = FILES[title]["answer"]
    if "error" in theirs:
        assert "ComfyUI does not start with it" in ours["error"]
    else:
        assert ours == theirs


@pytest.mark.parametrize("title", LISTINGS)
def test_a_folder_lists_what_comfyui_lists(tmp_path: Path, title: str) -> None:
    listing = LISTINGS[title]
    make_tree(tmp_path, listing["tree"])
    directories = tuple(one.replace("<place>", str(tmp_path)) for one in listing["directories"])
    folder = ModelFolder("listed", directories, frozenset(listing["extensions"]))
    assert listed_files(folder) == listing["answer"]


def make_tree(place: Path, tree: dict[str, str | None]) -> None:
    for name, target in tree.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if target is None:
            path.write_bytes(b"x")
        else:
            path.symlink_to(target.replace("<place>", str(place)))


@pytest.mark.usefixtures("variables")
@pytest.mark.skipif(REAL is None, reason="COMFYDOCK_TEST_COMFYUI names no checkout")
def test_a_real_comfyui_answers_as_recorded_and_as_its_code_tells_us(tmp_path: Path) -> None:
    probe = [uv.find_uv_bin(), "run", "--no-project", "--with", "pyyaml", "--python", sys.executable, "python"]
    probe += [str(HERE / "model_path_probe.py"), str(REAL), str(CASES), str(tmp_path)]
    done = subprocess.run(probe, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    comfyui = tmp_path / "ComfyUI"
    (comfyui / "extra_model_paths.yaml").unlink()
    bare = {folder.name: folder for folder in read_model_folders(str(comfyui), None)}
    assert {name: sorted(folder.extensions) for name, folder in bare.items()} == {
        name: extensions for name, (_, extensions) in told["own"].items()
    }
    assert {name: list(folder.directories) for name, folder in bare.items()} == {
        name: [one.replace("<place>", str(tmp_path)) for one in paths] for name, paths in told["without a file"].items()
    }
    assert [listing["answer"] for listing in told["listings"]] == [one["answer"] for one in LISTINGS.values()]
    for case in told["files"]:
        ours = answer(comfyui, case["text"], tmp_path, told["without a file"])
        assert ("error" in ours, ours.get("changed")) == ("error" in case["answer"], case["answer"].get("changed"))
