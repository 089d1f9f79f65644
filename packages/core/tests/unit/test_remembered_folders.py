"""Folders of models that are told again only where code changed."""

from pathlib import Path

import pytest

from comfydock_core.caching.answer_cache import AnswerCache
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.core.usecases.models.remembered_folders import remembered_folders

FOLDER_PATHS = """import os
base_path = os.path.dirname(os.path.realpath(__file__))
folder_names_and_paths = {"loras": ([os.path.join(base_path, "models", "loras")], {".safetensors"})}

def add_model_folder_path(name, directory, is_default=False):
    folder_names_and_paths.setdefault(name, ([], set()))[0].append(directory)
"""
ADDING = 'import folder_paths\nfolder_paths.add_model_folder_path("%s", "/models/%s")\n'


@pytest.fixture
def layout(tmp_path: Path) -> EnvironmentLayout:
    write(tmp_path / "work/ComfyUI/folder_paths.py", FOLDER_PATHS)
    write(tmp_path / "work/ComfyUI/custom_nodes/pack/__init__.py", ADDING % ("ours", "ours"))
    return EnvironmentLayout(str(tmp_path / "work"))


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def names(layout: EnvironmentLayout) -> set[str]:
    """The folders as a new start of the program would tell them."""
    return {folder.name for folder in remembered_folders(layout, AnswerCache(f"{layout.root}/answers"))}


def answers(layout: EnvironmentLayout) -> int:
    return len(list(Path(layout.root, "answers").iterdir()))


def test_the_second_time_nothing_is_read(layout: EnvironmentLayout) -> None:
    assert names(layout) == names(layout) == {"loras", "ours"}
    assert answers(layout) == 1


@pytest.mark.parametrize("file", ["pack/inner/more.py", "pack/site-packages/more.py", "single.py"])
def test_code_that_comes_is_read(layout: EnvironmentLayout, file: str) -> None:
    names(layout)
    write(Path(layout.custom_nodes, file), ADDING % ("more", "more"))
    assert names(layout) == {"loras", "ours", "more"}


def test_code_of_a_pack_that_is_a_link_is_read_again_when_it_changes(layout: EnvironmentLayout, tmp_path: Path) -> None:
    write(tmp_path / "elsewhere/__init__.py", ADDING % ("linked", "linked"))
    Path(layout.custom_nodes, "linked").symlink_to(tmp_path / "elsewhere")
    assert names(layout) == {"loras", "ours", "linked"}
    write(tmp_path / "elsewhere/__init__.py", ADDING % ("another", "another"))
    assert names(layout) == {"loras", "ours", "another"}


@pytest.mark.parametrize("file", ["pack/tests/more.py", "pack/.hidden/more.py", "off.disabled/more.py"])
def test_code_that_comfyui_does_not_come_to_changes_nothing(layout: EnvironmentLayout, file: str) -> None:
    names(layout)
    write(Path(layout.custom_nodes, file), ADDING % ("more", "more"))
    assert names(layout) == {"loras", "ours"}
    assert answers(layout) == 1
