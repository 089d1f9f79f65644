"""Where models are looked for: the workspace's models directory, and what environments look through besides."""

import os

from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core import finding
from comfydock_core.models.model_files.index import WORKSPACE, ScanRoot
from comfydock_core.repositories.workspace_config_reader import read_config

# What files of models end in, where no ComfyUI says which it takes: the formats whose headers ComfyDock reads.
EXTENSIONS = frozenset((".safetensors", ".sft", ".ckpt", ".pt", ".pt2", ".pth", ".bin", ".pkl", ".gguf", ".onnx"))


def models_directory(layout: WorkspaceLayout) -> str:
    """The models directory of a workspace. Raises `WorkspaceDamaged`."""
    return os.path.abspath(read_config(layout.config_file).models_directory or layout.models)


def scan_roots(layout: WorkspaceLayout) -> list[ScanRoot]:
    """Every directory to look through, the workspace's first. Raises `WorkspaceDamaged`, `OSError`."""
    finding.environment_names(layout)
    return [ScanRoot(models_directory(layout), WORKSPACE, (), EXTENSIONS)]
