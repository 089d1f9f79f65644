"""Reading installations that ComfyDock did not make: git checkouts, portable folders, plain directories."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comfydock_core.analyzers.installation.packs import registry_names
from comfydock_core.analyzers.installation.pythons import build_in_module, parse_metadata, parse_origin
from comfydock_core.analyzers.installation.reading import (
    read_installation,
    version_in_module,
    version_in_project,
)
from comfydock_core.integrations.uv_command import find_uv
from comfydock_core.models.environments.installation import FoundDistribution, FoundPack, Installation
from comfydock_core.models.exceptions import InstallationNotFound
from comfydock_core.repositories.definition.pyproject_document import toml_text
from tests.support.installations import PROJECT, make_git_pack, seen
from tests.support.miniature import NEWEST, Miniature, git


@pytest.fixture
def comfyui(miniature: Miniature, tmp_path: Path) -> Path:
    """A checkout of the newest release, in a place with odd letters."""
    place = tmp_path / "Große Ablage ☃" / "ComfyUI"
    place.parent.mkdir()
    git(tmp_path, "clone", "--quiet", str(miniature.repository), str(place))
    git(place, "checkout", "--quiet", NEWEST)
    return place


@pytest.fixture(scope="session")
def finished_venv(tmp_path_factory: pytest.TempPathFactory, miniature: Miniature) -> Path:
    place = tmp_path_factory.mktemp("foreign") / "venv"
    wheel = next((miniature.index / "mini-base").glob("*.whl"))
    environment = {**os.environ, "UV_CACHE_DIR": str(place.parent / "cache")}
    index = ["--default-index", miniature.index.as_uri()]
    for words in (
        ["venv", "--no-project", str(place)],
        ["pip", "install", "--python", str(place), *index, "mini-imaging", f"mini-base @ {wheel.as_uri()}"],
    ):
        subprocess.run([find_uv(), "--quiet", *words], env=environment, check=True)
    return place


def pack_of(installation: Installation, name: str) -> FoundPack:
    (found,) = [pack for pack in installation.packs if pack.name == name]
    return found


def reasons(installation: Installation) -> dict[str, str]:
    return {item.name: item.reason for item in installation.unidentified}


def test_a_checkout_tells_its_version_commit_and_remote(comfyui: Path, miniature: Miniature) -> None:
    found = read_installation(str(comfyui))
    assert (found.path, found.comfyui, found.portable) == (str(comfyui), str(comfyui), False)
    assert found.version == NEWEST
    assert found.checkout is not None
    assert (found.checkout.commit, found.checkout.tag) == (miniature.commits[NEWEST], NEWEST)
    assert (found.checkout.branch, found.checkout.remote) == (None, str(miniature.repository))
    assert (found.checkout.changed, found.packs) == ((), ())
    assert set(reasons(found)) == {"Python"}


def test_a_branch_and_local_changes_are_told(comfyui: Path, miniature: Miniature) -> None:
    git(comfyui, "checkout", "--quiet", "main")
    (comfyui / "nodes.py").write_text("# mine\n")
    shutil.rmtree(comfyui / "models")
    found = read_installation(str(comfyui))
    assert found.checkout is not None
    assert (found.checkout.branch, found.checkout.tag, found.version) == ("main", None, "v0.10.0")
    assert "nodes.py" in found.checkout.changed
    assert reasons(found)["ComfyUI"] == "1 of its files differs from its commit"
    assert found.models is None


def test_the_source_is_only_read(comfyui: Path, finished_venv: Path, tmp_path: Path) -> None:
    make_git_pack(comfyui / "custom_nodes/Fancy")
    shutil.copytree(finished_venv, comfyui / "venv", symlinks=True)
    os.utime(comfyui / "nodes.py")  # Git would note the new time in its index.
    os.utime(comfyui / "custom_nodes/Fancy/nodes.py")
    before = seen(tmp_path)
    read_installation(str(comfyui))
    assert seen(tmp_path) == before


def test_nothing_that_a_repository_configures_is_run(comfyui: Path, tmp_path: Path) -> None:
    script = tmp_path / "monitor"
    script.write_text(f"#!/bin/sh\ntouch '{tmp_path}/was-run'\n")
    script.chmod(0o755)
    git(comfyui, "config", "core.fsmonitor", str(script))
    git(comfyui, "config", "core.hooksPath", str(tmp_path))
    read_installation(str(comfyui))
    assert not (tmp_path / "was-run").exists()


# Packs


def test_a_pack_from_git_tells_where_it_is_from(comfyui: Path) -> None:
    made = make_git_pack(comfyui / "custom_nodes/Fancy")
    found = read_installation(str(comfyui))
    pack = pack_of(found, "Fancy")
    assert (pack.kind, pack.enabled) == ("git", True)
    assert pack.checkout is not None
    assert (pack.checkout.commit, pack.checkout.branch) == (made, "main")
    assert pack.checkout.remote == "https://github.com/alice/Fancy.git"
    assert "custom_nodes/Fancy" not in reasons(found)


def test_a_damaged_repository_alone_is_told_in_words_of_git(comfyui: Path) -> None:
    (comfyui / ".git/HEAD").write_text("nonsense")
    assert reasons(read_installation(str(comfyui)))["ComfyUI"].startswith("fatal: ")


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda pack: (pack / "nodes.py").write_text("mine"), "some of its files differ from its commit"),
        (lambda pack: git(pack, "remote", "remove", "origin"), "its git repository has no remote"),
        (
            lambda pack: git(pack, "update-ref", "-d", "refs/remotes/origin/main"),
            "its commit is on no branch and no tag",
        ),
        (lambda pack: (pack / ".git/HEAD").write_text("nonsense"), "its `.git` is not a repository"),
    ],
)
def test_what_a_pack_from_git_does_not_tell_is_said(comfyui: Path, spoil: object, reason: str) -> None:
    pack = comfyui / "custom_nodes/Fancy"
    make_git_pack(pack)
    spoil(pack)  # type: ignore[operator]
    found = read_installation(str(comfyui))
    assert reasons(found)["custom_nodes/Fancy"].startswith(reason)
    assert pack_of(found, "Fancy").kind == "git"


def test_a_pack_inside_the_checkout_of_comfyui_is_not_taken_for_one(comfyui: Path) -> None:
    (comfyui / "custom_nodes/Plain").mkdir()
    assert pack_of(read_installation(str(comfyui)), "Plain").checkout is None


def test_a_pack_from_the_registry_tells_name_and_version(comfyui: Path) -> None:
    pack = comfyui / "custom_nodes/comfyui-fancy"
    pack.mkdir()
    (pack / "pyproject.toml").write_text(PROJECT.format(name="comfyui-fancy", version="1.2.0"))
    (pack / ".tracking").write_text("pyproject.toml\n")
    found = read_installation(str(comfyui))
    known = pack_of(found, "comfyui-fancy")
    assert (known.kind, known.registry_id, known.version) == ("registry", "comfyui-fancy", "1.2.0")
    assert "custom_nodes/comfyui-fancy" not in reasons(found)


def test_a_directory_and_a_single_file_are_listed_as_not_identified(comfyui: Path) -> None:
    packs = comfyui / "custom_nodes"
    (packs / "Mine").mkdir()
    (packs / "Mine/pyproject.toml").write_text("[")
    (packs / "single.py").write_text("")
    found = read_installation(str(comfyui))
    assert {pack.name: pack.kind for pack in found.packs} == {"Mine": "directory", "single.py": "file"}
    assert {"custom_nodes/Mine", "custom_nodes/single.py"} <= set(reasons(found))


def test_what_belongs_to_comfyui_and_rubbish_is_no_pack(comfyui: Path) -> None:
    packs = comfyui / "custom_nodes"
    (packs / "stock.py").write_text("")
    git(comfyui, "add", "--force", "custom_nodes/stock.py")
    for name in ("__pycache__", ".hidden"):
        (packs / name).mkdir()
    (packs / "notes.txt").write_text("")
    assert read_installation(str(comfyui)).packs == ()


def test_disabled_packs_are_found_in_both_places(comfyui: Path) -> None:
    packs = comfyui / "custom_nodes"
    for name in ("Old.disabled", ".disabled/Older@1_0", ".disabled/.git"):
        (packs / name).mkdir(parents=True)
    (packs / "single.py.disabled").write_text("")
    found = read_installation(str(comfyui)).packs
    assert {(pack.name, pack.enabled) for pack in found} == {("Old", False), ("Older", False), ("single.py", False)}


def test_a_linked_pack_tells_where_it_lies(comfyui: Path, tmp_path: Path) -> None:
    make_git_pack(tmp_path / "work/Fancy")
    (comfyui / "custom_nodes/Fancy").symlink_to(tmp_path / "work/Fancy")
    pack = pack_of(read_installation(str(comfyui)), "Fancy")
    assert (pack.linked_to, pack.kind) == (str(tmp_path / "work/Fancy"), "git")


# Python


@pytest.mark.parametrize("place", ["ComfyUI/venv", "ComfyUI/.venv", "venv"])
def test_a_virtual_environment_is_read_without_running_it(comfyui: Path, finished_venv: Path, place: str) -> None:
    venv = comfyui.parent / place
    shutil.copytree(finished_venv, venv, symlinks=True)
    (venv / "bin/python").unlink()
    root = comfyui if place.startswith("ComfyUI") else comfyui.parent
    python = read_installation(str(root)).python
    assert python is not None
    assert (python.path, python.portable) == (str(venv), False)
    version = subprocess.run([str(finished_venv / "bin/python"), "-V"], capture_output=True, text=True).stdout
    assert f"Python {python.version}\n" == version
    names = {one.name: one for one in python.distributions}
    assert names["mini-imaging"] == FoundDistribution("mini-imaging", "1.1")
    assert (names["mini-base"].origin or "").startswith("file://")


def test_a_portable_folder_is_read(comfyui: Path) -> None:
    embedded = comfyui.parent / "python_embeded"
    info = embedded / "Lib/site-packages/torch-2.9.1+cu128.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: torch\nVersion: 2.9.1+cu128\n\nName: other\n")
    (embedded / "Lib/site-packages/broken-1.dist-info").mkdir()
    (embedded / "python312._pth").write_text("")
    found = read_installation(str(comfyui.parent))
    assert (found.path, found.comfyui, found.portable) == (str(comfyui.parent), str(comfyui), True)
    assert found.python is not None
    assert (found.python.version, found.python.portable) == ("3.12", True)
    assert found.python.distributions == (FoundDistribution("torch", "2.9.1+cu128"),)
    assert "broken-1.dist-info" in reasons(found)


def packages_of(comfyui: Path) -> Path:
    """The packages of a virtual environment that has none yet."""
    packages = comfyui / "venv/lib/python3.12/site-packages"
    packages.mkdir(parents=True)
    (comfyui / "venv/pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.12.1\n")
    return packages


def write_metadata(place: Path, name: str, version: str, more: str = "") -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{more}\nName: other\n")


def distributions(comfyui: Path) -> tuple[FoundDistribution, ...]:
    python = read_installation(str(comfyui)).python
    assert python is not None
    return python.distributions


def test_torch_of_the_general_index_tells_its_build_in_its_own_file(comfyui: Path) -> None:
    packages = packages_of(comfyui)
    write_metadata(packages / "torch-2.15.0.dist-info/METADATA", "torch", "2.15.0")
    (packages / "torch").mkdir()
    (packages / "torch/version.py").write_text("raise SystemExit  # Nobody runs this.\n__version__ = '2.15.0+cu132'\n")
    assert distributions(comfyui) == (FoundDistribution("torch", "2.15.0+cu132"),)


@pytest.mark.parametrize(
    ("text", "build"),
    [
        ("__version__ = '2.8.0+cu128'\ncuda: Optional[str] = '12.6'\n", "cu128"),
        ("__version__ = '2.8.0'\ncuda: Optional[str] = '12.8'\nhip: Optional[str] = None\n", "cu128"),
        ("__version__ = '2.8.0'\ncuda = None\nhip = '6.4.43484-123'\n", "rocm6.4"),
        ("__version__ = '2.8.0'\ncuda: Optional[str] = None\nhip: Optional[str] = None\n", "cpu"),
        ("__version__ = '2.8.0'\n", None),
        ("__version__ = '2.7.1+cu126'\n", None),  # Of another version than the one that is installed.
        ("", None),
    ],
)
def test_the_build_in_the_file_of_torch(text: str, build: str | None) -> None:
    assert build_in_module(text, "2.8.0") == build


def test_distributions_tell_what_they_require_and_where_they_are_from(comfyui: Path) -> None:
    packages = packages_of(comfyui)
    write_metadata(packages / "a-1.dist-info/METADATA", "a", "1", "Requires-Dist: b (>=2)\nRequires-Dist: c\n")
    told = {"url": "https://me:secret@host.example/a-1-py3-none-any.whl", "archive_info": {}}
    (packages / "a-1.dist-info/direct_url.json").write_text(json.dumps(told))
    address = "https://host.example/a-1-py3-none-any.whl"
    assert distributions(comfyui) == (FoundDistribution("a", "1", address, requires=("b (>=2)", "c")),)


def test_distributions_in_older_formats_are_read(comfyui: Path, tmp_path: Path) -> None:
    packages = packages_of(comfyui)
    write_metadata(packages / "old-1.0-py3.12.egg-info/PKG-INFO", "old", "1.0")
    write_metadata(packages / "older-2.0.egg-info", "older", "2.0")
    write_metadata(tmp_path / "mine/mine.egg-info/PKG-INFO", "mine", "3.0")
    (packages / "mine.egg-link").write_text(f"{tmp_path}/mine\n.\n")
    assert distributions(comfyui) == (
        FoundDistribution("mine", "3.0", f"file://{tmp_path}/mine", editable=True),
        FoundDistribution("old", "1.0"),
        FoundDistribution("older", "2.0"),
    )


def test_what_pip_leaves_when_it_is_stopped_is_no_package(comfyui: Path) -> None:
    packages = packages_of(comfyui)
    write_metadata(packages / "a-2.dist-info/METADATA", "a", "2")
    write_metadata(packages / "~-1.dist-info/METADATA", "a", "1")
    found = read_installation(str(comfyui))
    assert distributions(comfyui) == (FoundDistribution("a", "2"),)
    assert reasons(found)["~-1.dist-info"] == "it is what pip leaves of a package when it is stopped"


def test_packages_of_the_python_around_a_virtual_environment_are_told(comfyui: Path) -> None:
    packages_of(comfyui)
    (comfyui / "venv/pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.12.1\ninclude-system-site-packages = true\n")
    assert reasons(read_installation(str(comfyui)))["venv"].startswith("it sees the packages of the Python")


def test_a_python_without_packages_is_told(comfyui: Path) -> None:
    (comfyui / "venv").mkdir()
    (comfyui / "venv/pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.10.4\n")
    found = read_installation(str(comfyui))
    assert found.python is not None
    assert (found.python.version, found.python.distributions) == ("3.10.4", ())
    assert reasons(found)["venv"] == "it has no `site-packages`"


# Without git, and what else there is


def test_without_git_the_version_is_told_by_its_files(comfyui: Path) -> None:
    shutil.rmtree(comfyui / ".git")
    found = read_installation(str(comfyui))
    assert (found.version, found.checkout) == ("v0.10.0", None)
    assert "not a git checkout" in reasons(found)["ComfyUI"]
    (comfyui / "comfyui_version.py").unlink()
    assert read_installation(str(comfyui)).version is None
    (comfyui / "pyproject.toml").write_text('[project]\nname = "ComfyUI"\nversion = "0.9.1"\n')
    assert read_installation(str(comfyui)).version == "v0.9.1"


def test_workflows_of_every_user_are_listed(comfyui: Path) -> None:
    workflows = ("default/workflows/one.json", "default/workflows/sub/zwei ☃.json", "ada/workflows/three.json")
    others = ("default/workflows/.index.json", "default/workflows/notes.txt", "default/comfy.settings.json")
    for name in (*workflows, *others):
        file = comfyui / "user" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("{}")
    assert read_installation(str(comfyui)).workflows == (
        "user/ada/workflows/three.json",
        "user/default/workflows/one.json",
        "user/default/workflows/sub/zwei ☃.json",
    )


def test_models_are_counted_where_they_really_lie(comfyui: Path, tmp_path: Path) -> None:
    models = tmp_path / "disk/models"
    (models / "checkpoints").mkdir(parents=True)
    (models / "checkpoints/a.safetensors").write_bytes(b"x" * 1000)
    (models / "checkpoints/put_checkpoints_here").write_text("")
    (tmp_path / "b.safetensors").write_bytes(b"x" * 500)
    (models / "checkpoints/b.safetensors").symlink_to(tmp_path / "b.safetensors")
    (models / "checkpoints/gone.safetensors").symlink_to(tmp_path / "gone")
    (models / "loras").symlink_to(tmp_path)
    shutil.rmtree(comfyui / "models")
    (comfyui / "models").symlink_to(models)
    found = read_installation(str(comfyui)).models
    assert found is not None
    assert (found.path, found.files, found.bytes, found.links) == (str(models), 2, 1500, ("loras",))


def test_other_places_of_models_and_the_sizes_of_pictures_are_told(comfyui: Path) -> None:
    assert read_installation(str(comfyui)).extra_model_paths is None
    (comfyui / "extra_model_paths.yaml").write_text("a111:\n")
    (comfyui / "output").mkdir(exist_ok=True)
    (comfyui / "output/picture.png").write_bytes(b"x" * 300)
    found = read_installation(str(comfyui))
    assert found.extra_model_paths == f"{comfyui}/extra_model_paths.yaml"
    assert found.output is not None
    assert (found.output.files, found.output.bytes) == (1, 300)


@pytest.mark.parametrize("make", [lambda path: None, Path.mkdir, Path.touch])
def test_a_place_without_comfyui_is_an_error(tmp_path: Path, make: object) -> None:
    make(tmp_path / "place")  # type: ignore[operator]
    with pytest.raises(InstallationNotFound, match="there is no ComfyUI at"):
        read_installation(str(tmp_path / "place"))


# Parsers


@pytest.mark.parametrize(
    ("text", "version"),
    [('__version__ = "0.3.60"\n', "0.3.60"), ("# x\n__version__='1'", "1"), ("version = '1'", None), ("", None),
     ('__version__ = ""', None), ('x = 1; __version__ = "2"', None)],
)  # fmt: skip
def test_the_version_in_a_module(text: str, version: str | None) -> None:
    assert version_in_module(text) == version


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Name: a\nVersion: 1\n\nName: b\n", ("a", "1")),
        ("name: a\r\nVERSION:  1 \r\n", ("a", "1")),
        ("Name: a\nDescription: x\n  Version: 2\nVersion: 1\n", ("a", "1")),
        ("Name: a\n\nVersion: 1\n", None),
        ("", None),
    ],
)
def test_name_and_version_in_metadata(text: str, found: tuple[str, str] | None) -> None:
    assert parse_metadata(text) == found


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ({"url": "https://h/x.whl", "archive_info": {}}, ("https://h/x.whl", False)),
        (
            {"url": "https://h/r.git", "vcs_info": {"vcs": "git", "commit_id": "abc"}},
            ("git+https://h/r.git@abc", False),
        ),
        ({"url": "file:///work/x", "dir_info": {"editable": True}}, ("file:///work/x", True)),
        ({"url": 5}, (None, False)),
        ([], (None, False)),
    ],
)
def test_the_origin_of_a_distribution(told: object, found: tuple[str | None, bool]) -> None:
    assert parse_origin(json.dumps(told).encode()) == found


@given(st.text() | st.text("NameVersion: \n1a"))
def test_any_metadata_is_read(text: str) -> None:
    found = parse_metadata(text)
    assert found is None or all(found)


@given(st.binary())
def test_any_bytes_are_read(content: bytes) -> None:
    parse_origin(content)
    registry_names(content)
    version_in_project(content)
    version_in_module(content.decode("latin-1"))


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.text("0123456789.", min_size=1))
def test_names_for_the_registry_are_read_as_they_are_written(name: str, version: str) -> None:
    tables = {"project": {"name": name, "version": version}, "tool": {"comfy": {}}}
    content = toml_text(tables).encode()
    assert registry_names(content) == (name, version)
    assert version_in_project(content) == version
