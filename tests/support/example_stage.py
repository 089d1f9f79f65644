"""What the examples of the help are about, made small and served on loopback: releases, packages, node packs, folders.

The examples name things that exist in the real world (`comfyui-impact-pack`, `numpy<2`, `v0.3.60`). Here is something
of each name, so that every example can be run as it stands.
"""

import contextlib
import json
import shlex
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from build.programs import Program
from tests.support.carriers import png, png_text
from tests.support.git_server import git_serving
from tests.support.http_server import Reply, serving
from tests.support.indexes import date_index, serving_directory
from tests.support.installations import Shelf, build_shelf, make_checkout, make_portable
from tests.support.miniature import NEWEST, TORCH, Miniature, git
from tests.support.model_files import write_safetensors
from tests.support.model_host import CivitAI, HuggingFace, model_host
from tests.support.node_lists import MANAGER_LIST, MANAGER_MAP, MANAGER_MODELS, MANAGER_STATS
from tests.support.pack_host import PackHost, pack_files, pack_host
from tests.support.projects import project
from tests.support.sessions import Session, copy_workspace
from tests.support.source import Ran
from tests.support.wheels import add_to_index, write_index

# Workspaces to begin with.
NONE = "no workspace yet"
BARE = "only the environment `test`"
PLAIN = "only the environment `work`, with nothing added to it"
FURNISHED = "`work` with node packs, packages and a workflow, and `test`"

_ORIGIN = "origin.git"
_RELEASES = ("v0.3.60", "v0.3.64")
_PACKAGES = {"numpy": ("1.26.4", "2.3.0"), "einops": ("0.8.1",), "xformers": ("0.0.31",), "pillow": ("11.3.0",)}
_IMPACT = "comfyui-impact-pack"
_NODE_DATA = {
    "version": "2026.01.02",
    "mappings": {"FaceDetailer::_": [{"package_id": _IMPACT, "versions": ["1.0.0"], "rank": 1}]},
    "packages": {
        _IMPACT: {"display_name": "ComfyUI Impact Pack", "description": "Detailer for faces", "versions": {}},
        "comfyui-upscale": {"display_name": "Upscale", "description": "Makes pictures larger", "versions": {}},
    },
}
_DETAILER = """
class FaceDetailer:
    RETURN_TYPES = ()
    OUTPUT_NODE = True
    FUNCTION = "run"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {}}


NODE_CLASS_MAPPINGS = {"FaceDetailer": FaceDetailer}
"""
_WORKFLOW = json.dumps({"nodes": [{"id": 1, "type": "FaceDetailer"}], "links": []})
_LISTS: dict[str, Reply | list[Reply]] = {
    "/data.json": Reply(_NODE_DATA),
    "/manager/custom-node-list.json": Reply(MANAGER_LIST),
    "/manager/extension-node-map.json": Reply(MANAGER_MAP),
    "/manager/github-stats.json": Reply(MANAGER_STATS),
    "/manager/model-list.json": Reply(MANAGER_MODELS),
}
_PORTRAIT = {
    "nodes": [
        {"id": 1, "type": "CheckpointLoaderSimple", "widgets_values": ["photo-v2.safetensors"]},
        {"id": 2, "type": "ModelSave", "inputs": [{"name": "model", "type": "MODEL", "link": 1}]},
        {"id": 3, "type": "FaceDetailer"},
    ],
    "links": [[1, 1, 0, 2, 0, "MODEL"]],
}
_FURNISHING = """\
comfydock node add comfyui-impact-pack
comfydock node add MyNodes --dev
comfydock constraint add "numpy<2"
comfydock py add einops numpy
comfydock py add einops --group tools
"""


@dataclass(slots=True)
class Stage:
    """Where everything is, and the workspaces to begin with."""

    place: Path
    program: Program
    variables: dict[str, str]

    def set(self, state: str, place: Path) -> "Scene":
        """A copy of one of the workspaces, and the folders that examples name, in a place of their own."""
        shutil.copytree(self.place / "folders", place, symlinks=True)
        variables = {**self.variables, "HOME": str(place / "home")}
        scene = Scene(place, Session(self.program, place / "workspace", variables))
        if state != NONE:
            copy_workspace(self.place / "workspaces" / state, scene.session.workspace)
        if state == FURNISHED:  # What is pushed goes to a repository of this scene.
            definition = scene.session.environments / "work/.cec"
            git(definition, "remote", "set-url", "origin", str(place / _ORIGIN))
        return scene


@dataclass(slots=True)
class Scene:
    """Somebody at a shell: a home, a current directory, and the program on the path."""

    place: Path
    session: Session

    def command(self, line: str) -> dict[str, object]:
        """How a line is started by a shell, for `subprocess`."""
        path = f"{self.place / 'bin'}:{self.session.environment()['PATH']}"
        environment = self.session.environment(PATH=path, SHELL="/bin/bash")
        shown = line.replace("/data/", f"{shlex.quote(str(self.place))}/data/")
        return {"args": ["bash", "-c", shown], "env": environment, "cwd": self.place / "here"}

    def run(self, line: str, answer: str = "") -> Ran:
        """Run a line to its end; `answer` is what it reads."""
        done = subprocess.run(**self.command(line), input=answer, capture_output=True, text=True)  # type: ignore[call-overload]
        return Ran(done.returncode, done.stdout, done.stderr)

    def ok(self, line: str) -> None:
        """Run what must succeed."""
        ran = self.run(line)
        assert ran.code == 0, f"{line}: {ran}"


@contextlib.contextmanager
def example_stage(place: Path, program: Program, miniature: Miniature) -> Iterator[Stage]:
    """Make everything, and serve it while the block runs."""
    place.mkdir(parents=True)
    comfyui = _releases(place, miniature)
    shelf = _indexes(place / "served")
    with (
        serving_directory(shelf.index.parent) as indexes,
        git_serving(place) as repositories,
        pack_host(place / "host") as host,
        serving(_LISTS) as lists,
        model_host() as storage,
        model_host() as civitai,
        model_host() as hub,
    ):
        host.add(_IMPACT, "1.0.0", files={"__init__.py": _DETAILER}, name="ComfyUI-Impact-Pack")
        for version in ("1.0.0", "1.1.0", "1.2.0"):
            host.add("comfyui-kjnodes", version, files=pack_files("KJ"))
        host.add_repository("alice", "ComfyUI-Fancy")
        variables = {
            **miniature.variables(),
            **host.variables(),
            "COMFYDOCK_COMFYUI_REPOSITORY": repositories.address(comfyui.name),
            "COMFYDOCK_PYTORCH_INDEX_URL": f"{indexes.url}/{shelf.pytorch.name}",
            "UV_DEFAULT_INDEX": f"{indexes.url}/{shelf.index.name}",
            "COMFYDOCK_NODE_DATA_URL": f"{lists.url}/data.json",
            "COMFYDOCK_MANAGER_DATA_URL": f"{lists.url}/manager",
            **_models(CivitAI(civitai, storage), HuggingFace(hub, storage)),
        }
        stage = Stage(place, program, variables)
        _folders(place / "folders", program, miniature, shelf)
        _workspaces(stage, host)
        yield stage


def _models(civitai: CivitAI, hub: HuggingFace) -> dict[str, str]:
    """The models that examples name; the variables that lead there."""
    civitai.put(122359, 135867, "detail-tweaker-xl.safetensors", b"tweaker" * 1000)
    hub.put("stabilityai/sd-vae-ft-mse", "vae.safetensors", b"vae" * 1000)
    return {**civitai.variables(), **hub.variables()}


def _releases(place: Path, miniature: Miniature) -> Path:
    """ComfyUI's repository with the releases and the branch that examples name, all older than the newest release."""
    comfyui = place / "ComfyUI"
    shutil.copytree(miniature.repository, comfyui, symlinks=True)
    for release in _RELEASES:
        git(comfyui, "tag", release, "v0.2.0")
    git(comfyui, "branch", "master", NEWEST)
    return comfyui


def _indexes(place: Path) -> Shelf:
    """Package indexes that know when they got their files, and one more back end."""
    shelf = build_shelf(place)
    for name, versions in _PACKAGES.items():
        for version in versions:
            add_to_index(shelf.index, name, version)
    for name, version in TORCH.items():
        requires = [] if name == "torch" else ["torch"]
        add_to_index(shelf.pytorch / "rocm6.4", name, f"{version}+rocm6.4", requires=requires)
    for directory in (shelf.index, shelf.pytorch / "rocm6.4"):
        write_index(directory)
    date_index(shelf.index, "2025-10-01T00:00:00Z", {})
    return shelf


def _folders(place: Path, program: Program, miniature: Miniature, shelf: Shelf) -> None:
    """A home and a current directory with what examples name there, and the program."""
    sources = place / "home/src"
    for name in ("ComfyUI-Fancy", "fancy"):
        (sources / name).mkdir(parents=True)
        for file, text in pack_files().items():
            (sources / name / file).write_text(str(text))
    project(sources / "my-tool", "my-tool")
    make_checkout(place / "home/ComfyUI", miniature)
    for folder in ("home/stable-diffusion-webui/models/Stable-diffusion", "data/models/checkpoints"):
        (place / folder).mkdir(parents=True)
    shutil.copytree(shelf.venv, place / "home/ComfyUI/venv", symlinks=True)
    make_portable(place / "data/portable", make_checkout(place / "data/checkout", miniature), shelf)
    (place / "here").mkdir()
    (place / "here/requirements.txt").write_text("einops\n")
    for name in ("downloads", "pictures"):
        (place / "here" / name).mkdir()
    (place / "here/downloads/portrait.json").write_text(json.dumps(_PORTRAIT))
    for name in ("ComfyUI_00042_.png", "pictures/ComfyUI_00043_.png"):
        (place / "here" / name).write_bytes(png(png_text("workflow", json.dumps(_PORTRAIT).encode())))
    starter = place / "bin/comfydock"
    starter.parent.mkdir()
    starter.write_text(f'#!/bin/sh\nexec {shlex.join(program.command)} "$@"\n')
    starter.chmod(0o755)


def _workspaces(stage: Stage, host: PackHost) -> None:
    """One of each kind; they differ by one step, so that each is a copy of another."""
    bare = _scene(stage, BARE)
    bare.ok("comfydock init && comfydock registry update && comfydock create test --torch-backend none")
    plain = _scene(stage, PLAIN)
    plain.ok("comfydock init && comfydock registry update && comfydock create work --torch-backend cpu --use")
    _bundle(plain.session.environments / "work/.cec", stage.place / "folders/here/bundle.tar.gz")
    plain.ok(f"comfydock export {stage.place}/folders/here/snapshot.json --manager-snapshot")
    mine = plain.session.environments / "work/ComfyUI/custom_nodes/MyNodes"
    mine.mkdir()
    (mine / "__init__.py").write_text("NODE_CLASS_MAPPINGS = {}\n")
    copy_workspace(plain.session.workspace, stage.place / "folders/older")
    furnished = _scene(stage, FURNISHED)
    copy_workspace(plain.session.workspace, furnished.session.workspace)
    origin = stage.place / "folders" / _ORIGIN
    subprocess.run(["git", "init", "--quiet", "--bare", str(origin)], check=True)
    furnished.ok(f"comfydock remote add origin {shlex.quote(str(origin))} && comfydock push")
    for line in (*_FURNISHING.splitlines(), "comfydock create test --torch-backend none"):
        furnished.ok(line)
    workflows = furnished.session.environments / "work/ComfyUI/user/default/workflows"
    workflows.mkdir(parents=True)
    for name in ("faces", "portrait"):
        (workflows / f"{name}.json").write_text(json.dumps(_PORTRAIT))
    models = furnished.session.workspace / "models/loras"
    models.mkdir()
    write_safetensors(models / "detail-tweaker-xl.safetensors", {"weight": (4, 4)})
    checkpoints = furnished.session.workspace / "models/checkpoints"
    checkpoints.mkdir(exist_ok=True)
    write_safetensors(checkpoints / "photo-v2.safetensors", {"weight": (4, 4)})
    host.add(_IMPACT, "1.1.0", files=pack_files("FaceDetailer"), name="ComfyUI-Impact-Pack")


def _scene(stage: Stage, state: str) -> Scene:
    workspace = stage.place / "workspaces" / state
    workspace.parent.mkdir(exist_ok=True)
    home = stage.place / "folders/home"
    return Scene(stage.place / "folders", Session(stage.program, workspace, {**stage.variables, "HOME": str(home)}))


def _bundle(definition: Path, path: Path) -> None:
    with tarfile.open(path, "w:gz") as archive:
        for name in ("pyproject.toml", "uv.lock", ".python-version", "backends/cpu/pylock.toml"):
            archive.add(definition / name, name)
