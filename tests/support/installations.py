"""Installations of ComfyUI as people have them: a checkout or a folder, with packages, node packs and own files."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from comfydock_core.integrations.uv_command import find_uv
from tests.support.miniature import ACCELERATOR, BACKENDS, NEWEST, Miniature, build_indexes, commit, git
from tests.support.wheels import add_to_index, write_index

OLDER_TORCH = {"torch": "2.8.0", "torchvision": "0.23.0", "torchaudio": "2.8.0"}
PROJECT = '[project]\nname = "{name}"\nversion = "{version}"\n[tool.comfy]\nPublisherId = "alice"\n'
REMOTE = "https://alice:secret@github.com/alice/Fancy.git"
PUBLIC_REMOTE = "https://github.com/alice/Fancy.git"


@dataclass(frozen=True, slots=True)
class Shelf:
    """Package indexes that have more versions than an installation, and a virtual environment with the older ones."""

    index: Path
    pytorch: Path
    venv: Path

    def variables(self) -> dict[str, str]:
        """What makes uv use these indexes."""
        return {"COMFYDOCK_PYTORCH_INDEX_URL": self.pytorch.as_uri(), "UV_DEFAULT_INDEX": self.index.as_uri()}


def build_shelf(directory: Path) -> Shelf:
    """Make the indexes, and install from them what was newest some time ago, with uv as anybody would."""
    directory.mkdir(parents=True, exist_ok=True)
    index, pytorch = build_indexes(directory)
    for name, version in OLDER_TORCH.items():
        requires = [] if name == "torch" else ["torch"]
        add_to_index(index, name, version, requires=requires or [ACCELERATOR])
        for backend in BACKENDS:
            needed = requires or ([] if backend == "cpu" else [ACCELERATOR])
            add_to_index(pytorch / backend, name, f"{version}+{backend}", requires=needed)
    add_to_index(index, "mini-base", "1.4")
    add_to_index(index, "mini-masks", "1.0", requires=["mini-base"])
    add_to_index(index, "mini-masks", "2.0", requires=["mini-base"])
    for name in ("opencv-python", "opencv-python-headless", "opencv-contrib-python-headless"):
        add_to_index(index, name, "4.10")
        add_to_index(index, name, "4.12")
    for place in (index, *(pytorch / backend for backend in BACKENDS)):
        write_index(place)
    shelf = Shelf(index, pytorch, directory / "venv")
    make_venv(shelf, shelf.venv, "mini-imaging==1.0", "mini-math==2.0", "mini-base==1.4", "mini-masks==1.0",
              "mini-sampling==0.3", *(f"{name}=={version}+cpu" for name, version in OLDER_TORCH.items()))  # fmt: skip
    return shelf


def make_venv(shelf: Shelf, place: Path, *requirements: str) -> None:
    """A virtual environment of Python 3.11 with some packages."""
    environment = {**os.environ, "UV_CACHE_DIR": str(shelf.index.parent / "cache"), "UV_PYTHON_DOWNLOADS": "never"}
    environment.pop("VIRTUAL_ENV", None)
    indexes = ["--default-index", shelf.index.as_uri()]
    for backend in BACKENDS:
        indexes += ["--index", (shelf.pytorch / backend).as_uri()]
    more = ["--index-strategy", "unsafe-best-match", *indexes]
    for words in (["venv", "--no-project", "--python", "3.11", str(place)],
                  ["pip", "install", "--python", str(place), *more, *requirements]):  # fmt: skip
        subprocess.run([find_uv(), "--quiet", *words], env=environment, check=True)


def make_checkout(place: Path, miniature: Miniature, ref: str = NEWEST) -> Path:
    """ComfyUI as `git clone` and `git checkout` leave it."""
    place.parent.mkdir(parents=True, exist_ok=True)
    git(place.parent, "clone", "--quiet", str(miniature.repository), str(place))
    git(place, "checkout", "--quiet", ref)
    return place


def make_git_pack(place: Path, remote: str | None = REMOTE, *, published: bool = True, requires: str = "") -> str:
    """A node pack from git; returns its commit, which is on a branch of the remote when `published`."""
    place.mkdir(parents=True)
    git(place, "init", "--quiet", "--initial-branch=main")
    (place / "nodes.py").write_text("one = 1\n")
    if requires:
        (place / "requirements.txt").write_text(requires)
    made = commit(place, "One")
    if remote is not None:
        git(place, "remote", "add", "origin", remote)
        if published:
            git(place, "update-ref", "refs/remotes/origin/main", made)
    return made


def make_registry_pack(place: Path, name: str, version: str) -> None:
    """A node pack as the manager of nodes unpacks it from the registry."""
    place.mkdir(parents=True)
    (place / "pyproject.toml").write_text(PROJECT.format(name=name, version=version))
    (place / "nodes.py").write_text("one = 1\n")
    (place / ".tracking").write_text("pyproject.toml\nnodes.py\n")


def add_venv(comfyui: Path, shelf: Shelf, name: str = "venv") -> Path:
    """The packages of the shelf, in a virtual environment inside of ComfyUI."""
    shutil.copytree(shelf.venv, comfyui / name, symlinks=True)
    return comfyui / name


def make_portable(place: Path, comfyui: Path, shelf: Shelf) -> Path:
    """A portable folder: ComfyUI moved into it, and an embedded Python with the packages beside it."""
    place.mkdir(parents=True)
    comfyui.rename(place / "ComfyUI")
    embedded = place / "python_embeded"
    (embedded / "Lib").mkdir(parents=True)
    (embedded / "python311._pth").write_text("python311.zip\n")
    (packages,) = shelf.venv.glob("lib/python*/site-packages")
    shutil.copytree(packages, embedded / "Lib/site-packages")
    return place


def seen(root: Path) -> dict[str, tuple[int, int, int, object]]:
    """Mode, time, number and content of everything, git's own files included."""
    found: dict[str, tuple[int, int, int, object]] = {}
    for path in sorted(root.rglob("*")):
        known = path.lstat()
        found[str(path)] = (known.st_mode, known.st_mtime_ns, known.st_ino, _content(path))
    return found


def _content(path: Path) -> object:
    if path.is_symlink():
        return os.readlink(path)
    return path.read_bytes() if path.is_file() else None
