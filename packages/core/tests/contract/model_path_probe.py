"""Asks a real ComfyUI where it looks for models and what it lists, case by case, and prints the cases with its answers.

`python model_path_probe.py CHECKOUT CASES.json PLACE`, with a Python that has PyYAML. Of the checkout only what decides
about folders is copied to `PLACE` and run. To record anew, write what it prints over the cases.
"""

import ast
import copy
import itertools
import json
import logging
import os
import shutil
import sys
from pathlib import Path

PARTS = ("folder_paths.py", "main.py", "utils", "comfy/cli_args.py", "comfy/options.py", "comfyui_version.py")


def main() -> None:
    checkout, cases, place = map(Path, sys.argv[1:])
    sys.argv[1:] = []
    comfyui = copy_parts(checkout, place / "ComfyUI")
    document = json.loads(cases.read_text(encoding="utf-8"))
    os.environ.update({name: filled(value, place) for name, value in document["variables"].items()})
    sys.path.insert(0, str(comfyui))
    import comfyui_version
    import folder_paths
    from comfy.cli_args import args
    from utils import extra_config

    own = copy.deepcopy(folder_paths.folder_names_and_paths)
    apply_custom_paths = starting(comfyui / "main.py", {"folder_paths": folder_paths, "args": args}, extra_config)
    document["version"] = comfyui_version.__version__
    document["own"] = {
        name: [[emptied(one, place) for one in paths], sorted(extensions)] for name, (paths, extensions) in own.items()
    }
    file = comfyui / "extra_model_paths.yaml"

    def start() -> dict[str, list[str]]:
        folder_paths.folder_names_and_paths.clear()
        folder_paths.folder_names_and_paths.update(copy.deepcopy(own))
        apply_custom_paths()
        found = folder_paths.folder_names_and_paths.items()
        return {name: [emptied(one, place) for one in value[0]] for name, value in found}

    bare = document["without a file"] = start()
    for case in document["files"]:
        file.write_text(filled(case["text"], place), encoding="utf-8", newline="")
        try:
            found = start()
        except Exception as error:  # noqa: BLE001 - whatever ends ComfyUI at its start
            case["answer"] = {"error": type(error).__name__}
        else:
            # As pairs, in ComfyUI's order; those that are as without the file are left out.
            case["answer"] = {"changed": [[name, paths] for name, paths in found.items() if bare.get(name) != paths]}
    for listing in document["listings"]:
        directories = [filled(one, place) for one in listing["directories"]]
        make_tree(place, listing["tree"])
        folder_paths.folder_names_and_paths["listed"] = (directories, set(listing["extensions"]))
        folder_paths.filename_list_cache.clear()
        listing["answer"] = folder_paths.get_filename_list("listed")
    json.dump(document, sys.stdout, indent=1)
    sys.stdout.write("\n")


def copy_parts(checkout: Path, comfyui: Path) -> Path:
    for part in PARTS:
        (comfyui / part).parent.mkdir(parents=True, exist_ok=True)
        copying = shutil.copytree if (checkout / part).is_dir() else shutil.copy
        copying(checkout / part, comfyui / part)
    return comfyui


def starting(path: Path, names: dict[str, object], extra_config: object) -> object:
    """The function of `main.py` that adds directories; the rest of it would need PyTorch."""
    (function,) = [node for node in ast.parse(path.read_text()).body
                   if isinstance(node, ast.FunctionDef) and node.name == "apply_custom_paths"]  # fmt: skip
    utils = type("utils", (), {"extra_config": extra_config})
    scope = {"os": os, "itertools": itertools, "logging": logging, "utils": utils, "__file__": str(path), **names}
    exec(compile(ast.Module([function], []), str(path), "exec"), scope)
    return scope["apply_custom_paths"]


def filled(text: str, place: Path) -> str:
    return text.replace("<place>", str(place))


def emptied(text: str, place: Path) -> str:
    return text.replace(str(place), "<place>")


def make_tree(place: Path, tree: dict[str, str | None]) -> None:
    """Files by name; a text is what a link leads to."""
    for name, target in tree.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if target is None:
            path.write_bytes(b"x")
        else:
            path.symlink_to(filled(target, place))


if __name__ == "__main__":
    main()
