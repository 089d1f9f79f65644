"""A workspace as ComfyDock 1.x leaves it: its files, its spellings, no schema version, no record of installations."""

import json
import os
import subprocess
from pathlib import Path

from tests.support.miniature import BRANCH, Miniature, git

CREATED = "2025-10-02T03:04:05.678901"

MANIFEST = """[project]
name = "comfydock-env-{name}"
version = "0.1.0"
requires-python = ">=3.11"
dependencies = ["torch", "torchvision", "torchaudio", "mini-imaging>=1.0"]

[dependency-groups]
comfyui-fancy-1a2b3c4d = ["mini-base"]

[tool.uv]
constraint-dependencies = ["torch==2.9.1+cpu", "torchvision==0.24.1+cpu", "torchaudio==2.9.1+cpu"]

[[tool.uv.index]]
name = "pytorch-cpu"
url = "{pytorch}/cpu"
explicit = true

[tool.uv.sources.torch]
index = "pytorch-cpu"

[tool.uv.sources.torchvision]
index = "pytorch-cpu"

[tool.uv.sources.torchaudio]
index = "pytorch-cpu"

[tool.comfydock]
comfyui_version = "{version}"
python_version = "3.11"
manifest_state = "local"

[tool.comfydock.nodes.comfyui-fancy]
name = "ComfyUI-Fancy"
registry_id = "comfyui-fancy"
repository = "https://github.com/alice/ComfyUI-Fancy"
version = "1.0.0"
download_url = "https://cdn.example/100.zip"
source = "registry"

[tool.comfydock.nodes.MyDev]
name = "MyDev"
version = "dev"
source = "development"

[tool.comfydock.workflows."my wf"]
nodes = ["comfyui-fancy"]
path = "workflows/my wf.json"

[tool.comfydock.workflows."my wf".custom_node_map]
Unknowny = false
DualNode = "pack-b"

[tool.comfydock.models]
fdee4978c05f1401 = {{filename = "m.safetensors", size = 100, relative_path = "checkpoints/m.safetensors", category = "checkpoints"}}
"""  # noqa: E501 - the writer of 1.x knows no line length


def build_workspace(directory: Path, *, active: str = "") -> Path:
    """The directories and the configuration as a later save of 1.x writes them."""
    for name in (".metadata", "environments", "comfydock_cache", "logs", "models"):
        (directory / name).mkdir(parents=True)
    models = {"path": str(directory / "models"), "added_at": CREATED, "last_sync": CREATED}
    config = {
        "version": 1,
        "active_environment": active,
        "created_at": CREATED,
        "global_model_directory": models,
        "api_credentials": {"civitai_token": "not-a-real-token"},
        "prefer_registry_cache": True,
    }
    (directory / ".metadata" / "workspace.json").write_text(json.dumps(config, indent=2))
    return directory


def add_environment(workspace: Path, miniature: Miniature, name: str, *, version: str = "v0.2.0", uv: str = "") -> Path:
    """An environment of 1.x. With `uv` its packages are really locked and installed; otherwise it has none."""
    root = workspace / "environments" / name
    definition, comfyui = root / ".cec", root / "ComfyUI"
    (definition / "workflows").mkdir(parents=True)
    checkout = "origin/" + BRANCH if version == BRANCH else version
    git(workspace, "clone", "--quiet", str(miniature.repository), str(comfyui))
    git(comfyui, "checkout", "--quiet", checkout)
    _replace_models(comfyui, workspace / "models")
    for pack in ("ComfyUI-Fancy", "MyDev", "Stray", "Old.disabled", ".hidden", "__pycache__"):
        (comfyui / "custom_nodes" / pack).mkdir()
    manifest = MANIFEST.format(name=name, version=version, pytorch=miniature.pytorch.as_uri())
    (definition / "pyproject.toml").write_text(manifest)
    (definition / ".python-version").write_text("3.11\n")
    (definition / "workflows" / "my wf.json").write_text("{}")
    (definition / ".gitignore").write_text(".complete\n*.tmp\n")
    if uv:
        _install(uv, workspace, root, miniature)
    _start_history(definition)
    (definition / ".complete").write_text("")
    return root


def _replace_models(comfyui: Path, models: Path) -> None:
    git(comfyui, "ls-files", "models")
    for path in sorted((comfyui / "models").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    (comfyui / "models").rmdir()
    (comfyui / "models").symlink_to(models)


def _install(uv: str, workspace: Path, root: Path, miniature: Miniature) -> None:
    environment = {
        **os.environ,
        **miniature.variables(),
        "UV_PROJECT_ENVIRONMENT": str(root / ".venv"),
        "UV_CACHE_DIR": str(workspace / "uv_cache"),
    }
    environment.pop("VIRTUAL_ENV", None)
    for arguments in (["lock"], ["sync", "--all-groups"]):
        command = [uv, "--quiet", *arguments]
        subprocess.run(command, cwd=root / ".cec", env=environment, check=True)


def _start_history(definition: Path) -> None:
    git(definition, "init", "--quiet", "--initial-branch=master")
    git(definition, "add", "--all")
    identity = ["-c", "user.name=Older", "-c", "user.email=older@example.invalid"]
    git(definition, *identity, "commit", "--quiet", "--no-gpg-sign", "-m", "Initial environment setup")
