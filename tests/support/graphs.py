"""Small saved graphs and node classes, as the editor and ComfyUI make them."""

from collections.abc import Mapping

from comfydock_core.analyzers.workflows.prompt_view import view_of_graph
from comfydock_core.models.workflow.class_inputs import (
    AUTOGROW,
    COMBO,
    DYNAMIC_COMBO,
    OPTIONAL,
    REQUIRED,
    ClassInput,
    InputOption,
    InputTemplate,
    NodeClass,
)
from comfydock_core.models.workflow.prompt_view import NodeLink, NodeValue, PromptView

Table = dict[str, object]


def node(identifier: object, kind: str, values: object = None, **more: object) -> Table:
    """A saved node. `values` are those of its widgets."""
    return {"id": identifier, "type": kind, **({} if values is None else {"widgets_values": values}), **more}


def slot(name: str, kind: str = "*", link: int | None = None, widget: bool = False) -> Table:
    """An input or output. With `widget`, it stands for the widget of its name."""
    return {"name": name, "type": kind, "link": link, **({"widget": {"name": name}} if widget else {})}


def graph(nodes: object, links: object = (), *definitions: Table, **more: object) -> Table:
    """A workflow. Links are `[id, from, slot, to, slot, type]`."""
    return {"nodes": nodes, "links": links, "definitions": {"subgraphs": list(definitions)}, **more}


def subgraph(identifier: str, nodes: object, links: object = (), **more: object) -> Table:
    """A definition. The links are lists here for short, and mappings as the editor saves them in it."""
    names = ("id", "origin_id", "origin_slot", "target_id", "target_slot", "type")
    assert isinstance(links, list | tuple)
    return {"id": identifier, "nodes": nodes, "links": [dict(zip(names, one, strict=True)) for one in links], **more}


def kind(name: str, *inputs: ClassInput, outputs: tuple[str, ...] = (), **more: object) -> NodeClass:
    return NodeClass(name, "nodes.py", inputs, outputs, **{"output_node": False, **more})  # type: ignore[arg-type]


def number(name: str, **options: object) -> ClassInput:
    return ClassInput(name, REQUIRED, "INT", options=options)


def text(name: str, **options: object) -> ClassInput:
    return ClassInput(name, REQUIRED, "STRING", options=options)


def socket(name: str, kind: str, section: str = REQUIRED) -> ClassInput:
    return ClassInput(name, section, kind)


def choice(name: str, *choices: object, folders: tuple[str, ...] = (), **options: object) -> ClassInput:
    return ClassInput(name, REQUIRED, COMBO, choices or None, folders, options)


def dynamic(name: str, **branches: tuple[ClassInput, ...]) -> ClassInput:
    return ClassInput(
        name, REQUIRED, DYNAMIC_COMBO, branches=tuple(InputOption(key, inputs) for key, inputs in branches.items())
    )


def growing(name: str, one: ClassInput, prefix: str, least: int = 1, most: int = 4) -> ClassInput:
    return ClassInput(name, REQUIRED, AUTOGROW, template=InputTemplate(one, (), prefix, least, most))


SAMPLER = kind(
    "KSampler",
    socket("model", "MODEL"),
    number("seed", default=0, min=0),
    number("steps", default=20, min=1, max=10000),
    choice("sampler_name", "euler", "heun"),
    outputs=("LATENT",),
)
CHECKPOINT = kind(
    "CheckpointLoaderSimple", choice("ckpt_name", folders=("checkpoints",)), outputs=("MODEL", "CLIP", "VAE")
)
PREVIEW = kind("PreviewImage", socket("images", "IMAGE"), output_node=True)
DECODE = kind("VAEDecode", socket("samples", "LATENT"), socket("vae", "VAE"), outputs=("IMAGE",))
CLASSES: dict[str, NodeClass] = {one.name: one for one in (SAMPLER, CHECKPOINT, PREVIEW, DECODE)}


def view(whole: Table, *classes: NodeClass, known: Mapping[str, NodeClass] = CLASSES) -> PromptView:
    """The prompt view with a few classes of ComfyUI, and more."""
    return view_of_graph(whole, {**known, **{one.name: one for one in classes}})


def inputs(seen: PromptView, identifier: str) -> dict[str, object]:
    """The inputs of one node: values as they are, links as `(node, slot)`."""
    (found,) = [one for one in seen.nodes if one.id == identifier]
    return {
        name: (one.node, one.slot) if isinstance(one, NodeLink) else one.value for name, one in found.inputs.items()
    }


def value(seen: PromptView, identifier: str, name: str) -> NodeValue:
    """The value of one input, with where it stands."""
    (found,) = [one for one in seen.nodes if one.id == identifier]
    source = found.inputs[name]
    assert isinstance(source, NodeValue)
    return source


def states(seen: PromptView) -> dict[str, str]:
    return {one.id: one.state for one in seen.nodes}


def codes(seen: PromptView) -> list[str]:
    return sorted(problem.code for problem in seen.problems)


__all__ = [
    "CHECKPOINT", "CLASSES", "DECODE", "OPTIONAL", "PREVIEW", "SAMPLER", "Table", "choice", "codes", "dynamic", "graph",
    "growing", "inputs", "kind", "node", "number", "slot", "socket", "states", "subgraph", "text", "value", "view",
]  # fmt: skip
