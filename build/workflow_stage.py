"""What workflows are measured in: a workspace whose environment has a ComfyUI and node packs of ordinary size.

ComfyUI is that of a checkout, or one with a class for every kind of node in the workflows, made of what the files say.
"""

import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from build.workspaces import ACTIVE, make_workspace

PACKS = 20
_HEAVY = (".git", "models", "input", "output", "temp", "user", "custom_nodes", "tests", "tests-unit", "__pycache__")
_CLASSES_IN_A_FILE = 20
_HELPERS, _SCRIPTS, _OTHERS = 60, 20, 120  # Files of a pack beside those with classes.
_WITH_CLASSES = 6

_FOLDER_PATHS = """\

base_path = os.path.dirname(os.path.realpath(__file__))
models_dir = os.path.join(base_path, "models")
folder_names_and_paths = {}
for name in ("checkpoints", "loras", "vae", "text_encoders", "diffusion_models", "controlnet"):
    folder_names_and_paths[name] = ([os.path.join(models_dir, name)], {".safetensors", ".ckpt", ".pt"})


def add_model_folder_path(name, directory, is_default=False):
    known = folder_names_and_paths.setdefault(name, ([], set()))[0]
    if directory not in known:
        known.append(directory)
"""
_NODE = """\
class Node{number}:
    @classmethod
    def INPUT_TYPES(cls):
        return {{"required": {{{inputs}}}}}

    RETURN_TYPES = {outputs!r}
    FUNCTION = "run"
    OUTPUT_NODE = {is_output}


"""


def workspace_for(
    place: Path, workflows: Sequence[Path], comfyui: Path | None = None, packs: Path | None = None
) -> Path:
    """A workspace with one environment; made once and kept. `packs` has real node packs, which are copied."""
    root = place / f"workspace-{'real' if comfyui else 'made'}-{'real' if packs else 'made'}"
    finished = root / "finished"
    if not finished.exists():
        shutil.rmtree(root, ignore_errors=True)
        make_workspace(root, 1)
        target = _put_comfyui(root, workflows, comfyui)
        if packs is not None:
            shutil.copytree(packs, target / "custom_nodes", symlinks=True)
        else:
            for number in range(PACKS):
                _make_pack(target / "custom_nodes" / f"pack-{number:02}", number)
        finished.touch()
    return root


def workspace_without_packs(
    place: Path, workflows: Sequence[Path], comfyui: Path | None = None, lists: Path | None = None
) -> Path:
    """A workspace whose environment has ComfyUI alone, with the lists of node packs and models in a directory."""
    root = place / f"workspace-{'real' if comfyui else 'made'}-none"
    finished = root / "finished"
    if not finished.exists():
        shutil.rmtree(root, ignore_errors=True)
        make_workspace(root, 1)
        (_put_comfyui(root, workflows, comfyui) / "custom_nodes").mkdir(exist_ok=True)
        if lists is not None and lists.exists():
            known = root / "comfydock_cache" / "custom_nodes"
            known.mkdir(parents=True)
            for one in lists.glob("*.json"):
                shutil.copyfile(one, known / one.name)
        finished.touch()
    return root


def _put_comfyui(root: Path, workflows: Sequence[Path], comfyui: Path | None) -> Path:
    target = root / "environments" / ACTIVE / "ComfyUI"
    if comfyui is not None:
        shutil.copytree(comfyui, target, symlinks=True, ignore=shutil.ignore_patterns(*_HEAVY))
    else:
        _make_comfyui(target, workflows)
    return target


def number_of_classes(workflow: Path) -> int:
    """How many kinds of nodes a workflow has."""
    return sum(1 for _ in _classes([workflow]))


def workspace_of_workflows(place: Path, workflows: Sequence[Path], number: int) -> Path:
    """A workspace whose environment has that many workflows."""
    root = place / f"workspace-{number}-workflows"
    finished = root / "finished"
    if not finished.exists():
        shutil.rmtree(root, ignore_errors=True)
        make_workspace(root, 1)
        saved = root / "environments" / ACTIVE / "ComfyUI" / "user" / "default" / "workflows"
        saved.mkdir(parents=True)
        for at in range(number):
            shutil.copyfile(workflows[at % len(workflows)], saved / f"workflow {at}.json")
        finished.touch()
    return root


def _make_comfyui(target: Path, workflows: Sequence[Path]) -> None:
    classes = list(_classes(workflows))
    (target / "comfy_extras").mkdir(parents=True)
    (target / "comfy").mkdir()
    (target / "folder_paths.py").write_text(_FOLDER_PATHS, "utf-8")
    (target / "main.py").write_text("import folder_paths\n", "utf-8")
    for start in range(0, len(classes), _CLASSES_IN_A_FILE):
        part = classes[start : start + _CLASSES_IN_A_FILE]
        path = target / ("nodes.py" if start == 0 else f"comfy_extras/nodes_{start}.py")
        path.write_text(_module(part), "utf-8")


def _module(classes: Sequence[tuple[str, dict[str, str], tuple[str, ...]]]) -> str:
    lines = ["import folder_paths\n\n\n"]
    for number, (_, inputs, outputs) in enumerate(classes):
        described = ", ".join(f"{name!r}: ({_kind(name, kind)},)" for name, kind in inputs.items())
        lines.append(_NODE.format(number=number, inputs=described, outputs=outputs, is_output=not outputs))
    mapping = ", ".join(f"{name!r}: Node{number}" for number, (name, _, _) in enumerate(classes))
    return "".join(lines) + f"NODE_CLASS_MAPPINGS = {{{mapping}}}\n"


def _kind(name: str, kind: str) -> str:
    is_model = kind == "COMBO" and name.endswith("_name")
    return 'folder_paths.get_filename_list("checkpoints")' if is_model else repr(kind)


def _classes(workflows: Sequence[Path]) -> Iterator[tuple[str, dict[str, str], tuple[str, ...]]]:
    """Every kind of node once: its name, the types of its inputs by name, and those of its outputs."""
    seen: set[str] = set()
    for path in workflows:
        for node in _nodes(json.loads(path.read_bytes())):
            name = node.get("type")
            if isinstance(name, str) and name not in seen and "-" not in name:  # Instances of subgraphs have UUIDs.
                seen.add(name)
                inputs = {str(one.get("name")): _type(one) for one in node.get("inputs") or ()}
                yield name, inputs, tuple(_type(one) for one in node.get("outputs") or ())


def _nodes(graph: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from graph.get("nodes") or ()
    for inner in (graph.get("definitions") or {}).get("subgraphs") or ():
        yield from _nodes(inner)


def _type(slot: dict[str, Any]) -> str:
    kind = slot.get("type")
    return kind if isinstance(kind, str) else "COMBO"


def _make_pack(target: Path, number: int) -> None:
    """A pack as packs are: some files with classes, many more that help them, scripts and pictures."""
    names = [f"Pack{number}Node{at}" for at in range(_WITH_CLASSES)]
    for at, name in enumerate(names):
        text = _module([(name, {"image": "IMAGE", "strength": "FLOAT"}, ("IMAGE",))])
        _write(target / "nodes" / f"node_{at}.py", text)
    imports = "".join(f"from .nodes.node_{at} import Node0 as {name}\n" for at, name in enumerate(names))
    mapping = ", ".join(f"{name!r}: {name}" for name in names)
    _write(target / "__init__.py", f"{imports}\nNODE_CLASS_MAPPINGS = {{{mapping}}}\n")
    for at in range(_HELPERS):
        _write(
            target / "library" / f"part_{at % 8}" / f"helper_{at}.py", f"def helped(value):\n    return value + {at}\n"
        )
    for at in range(_SCRIPTS):
        _write(target / "web" / f"script_{at}.js", f"export const number = {at};\n")
    for at in range(_OTHERS):
        _write(target / "assets" / f"group_{at % 6}" / f"picture_{at}.txt", "x" * 100)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
