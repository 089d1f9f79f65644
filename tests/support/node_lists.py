"""Lists of known node packs as their publishers write them, small or as large as real ones."""

import json
from pathlib import Path

NODE_DATA = {
    "version": "2026.01.02",
    "package_aliases": {"old-fancy": "comfyui-fancy"},
    "mappings": {
        "FancyBlur::_": [{"package_id": "comfyui-fancy", "versions": ["1.0.0"], "rank": 1}],
        "DualNode::9d128a1d": [
            {"package_id": "pack-a", "versions": [], "rank": 1},
            {"package_id": "comfyui-fancy", "versions": [], "rank": 2, "source": "manager"},
        ],
        "DualNode::_": {"package_id": "comfyui-fancy", "rank": 1},
    },
    "packages": {
        "comfyui-fancy": {
            "display_name": "ComfyUI-Fancy",
            "description": "Blurs pictures in a fancy way",
            "repository": "https://github.com/alice/ComfyUI-Fancy",
            "github_stars": 10,
            "versions": {
                "1.0.0": {"download_url": "https://cdn.example/100.zip", "dependencies": ["six>=1.0"]},
                "0.9.0": {"download_url": "https://cdn.example/090.zip", "deprecated": True},
            },
        },
        "pack-a": {"display_name": "Pack A", "repository": "https://github.com/bob/pack-a.git", "versions": {}},
    },
}
MANAGER_LIST = {
    "custom_nodes": [
        {"title": "Fancy again", "id": "fancy-of-manager", "files": ["https://github.com/Alice/comfyui-fancy"],
         "install_type": "git-clone"},
        {"title": "Masks", "id": "masks", "author": "carol", "files": ["https://github.com/carol/masks"],
         "install_type": "git-clone", "description": "Everything about masks"},
        {"title": "No id", "files": ["https://github.com/dave/No-Id"], "install_type": "git-clone"},
        {"title": "One file", "files": ["https://raw.githubusercontent.com/x/y/main/one.py"], "install_type": "copy"},
        {"title": "Spelled wrong", "files": ["htps://github.com/x/y"], "install_type": "git-clone"},
        {"title": "Elsewhere", "files": ["https://git.example/x/elsewhere"], "install_type": "git-clone"},
    ]
}  # fmt: skip
MANAGER_MAP = {
    "https://github.com/alice/ComfyUI-Fancy": [["FancyBlur", "FancyEdge"], {"title_aux": "Fancy"}],
    "https://github.com/carol/masks": [["MaskGrow", "Shared"], {"nodename_pattern": " \\(carol\\)$"}],
    "https://github.com/dave/No-Id": [["Shared"], {"preemptions": ["Shared"]}],
    "https://raw.githubusercontent.com/x/y/main/one.py": [["OnlyOne"], {}],
    "https://github.com/comfyanonymous/ComfyUI": [["KSampler"], {}],
}  # fmt: skip
MANAGER_STATS = {
    "https://github.com/Alice/ComfyUI-Fancy": {"stars": 12, "last_update": "2026-08-01 10:00:00"},
    "https://github.com/carol/masks": {"stars": 300, "last_update": "2026-01-01 00:00:00"},
}
MANAGER_MODELS = {
    "models": [
        {"name": "v1.5", "type": "checkpoint", "base": "SD1.5", "save_path": "checkpoints/SD1.5", "size": "4.27GB",
         "description": "the first one", "reference": "https://hub.example/v15", "filename": "v15.safetensors",
         "url": "https://hub.example/v15/resolve/main/v15.safetensors"},
        {"name": "4x", "type": "upscale", "base": "upscale", "save_path": "default", "size": "67.1MB",
         "filename": "4x.PTH", "url": "https://hub.example/up/resolve/main/4x.pth"},
        {"name": "a snapshot", "type": "LLM", "base": "LLM", "save_path": "LLM", "size": "7.8GB",
         "filename": "<huggingface>", "url": "owner/name"},
    ]
}  # fmt: skip


def write_lists(directory: Path, data: object = NODE_DATA, listed: object = MANAGER_LIST,
                classes: object = MANAGER_MAP, stats: object = None,
                models: object = None) -> Path:  # fmt: skip
    """Write the lists where they are kept; `None` leaves one out. Returns the directory."""
    directory.mkdir(parents=True, exist_ok=True)
    names = {
        "node_mappings.json": data, "custom-node-list.json": listed, "extension-node-map.json": classes,
        "github-stats.json": stats, "model-list.json": models,
    }  # fmt: skip
    for name, content in names.items():
        if content is not None:
            (directory / name).write_text(json.dumps(content), encoding="utf-8")
    return directory


def large_node_data(packs: int, classes: int) -> dict[str, object]:
    """Node data with that many packs and classes; every class is known by name and by one signature."""
    packages = {
        f"comfyui-pack-{number}": {
            "display_name": f"Pack {number}",
            "description": f"Does thing {number} to images and masks, and some more besides",
            "repository": f"https://github.com/owner{number}/ComfyUI-Pack-{number}",
            "github_stars": number % 500,
            "versions": {
                f"1.{minor}.0": {"download_url": f"https://cdn.example/{number}/{minor}.zip", "dependencies": ["numpy"]}
                for minor in range(5)
            },
        }
        for number in range(packs)
    }
    mappings: dict[str, object] = {}
    for number in range(classes):
        found = {"package_id": f"comfyui-pack-{number % packs}", "versions": ["1.0.0", "1.1.0"], "rank": 1}
        mappings[f"Class {number}::_"] = [found]
        mappings[f"Class {number}::{number:08x}"] = [found]
    return {"version": "1", "mappings": mappings, "packages": packages}
