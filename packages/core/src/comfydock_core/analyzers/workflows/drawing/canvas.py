"""The picture of a saved graph, as the editor lays it out.

One SVG that stands for itself: no script, no style sheet, and nothing that is loaded from elsewhere.
"""

import math
from collections.abc import Mapping
from itertools import pairwise

from comfydock_core.analyzers.workflows.drawing import palette
from comfydock_core.analyzers.workflows.drawing.graph import read_graph
from comfydock_core.analyzers.workflows.drawing.marking import element, number
from comfydock_core.analyzers.workflows.drawing.nodes import draw_group, draw_node
from comfydock_core.analyzers.workflows.drawing.places import Laid, Place, laid_out
from comfydock_core.analyzers.workflows.drawing.tolerant import Table
from comfydock_core.analyzers.workflows.drawing.values import Graph, Link
from comfydock_core.records import record

NAMESPACE = "http://www.w3.org/2000/svg"
FONT = "Inter, Helvetica, Arial, sans-serif"
_MARGIN = 50

Box = tuple[float, float, float, float]


@record
class Scene:
    """A graph with its nodes where they are drawn, and left, top, width and height of all of it."""

    graph: Graph
    nodes: list[Laid]
    bounds: Box


def draw_workflow(graph: Table, marks: Mapping[str, str] | None = None) -> str:
    """The SVG of a saved graph, or of the definition of a subgraph, that was parsed from JSON.

    `marks` says by the id of a node what is wrong with it. Raises `NoWorkflow` when there is nothing to draw, and
    `TooLargeToDraw`.
    """
    scene = scene_of(read_graph(graph))
    marks = marks or {}
    by_id = {laid.node.id: laid for laid in scene.nodes}
    parts = [ground(scene.bounds), *(draw_group(group) for group in scene.graph.groups)]
    parts += [draw_link(link, by_id) for link in scene.graph.links]
    parts += draw_reroutes(scene.graph)
    parts += [draw_node(laid, marks.get(laid.node.id)) for laid in scene.nodes]
    _, _, width, height = scene.bounds
    return element(
        "svg",
        "\n".join(["", *(part for part in parts if part), ""]),
        xmlns=NAMESPACE,
        width=width,
        height=height,
        viewBox=written_box(scene.bounds),
        font_family=FONT,
    )


def scene_of(graph: Graph) -> Scene:
    nodes = [laid_out(node) for node in graph.nodes]
    return Scene(graph, nodes, _bounds(graph, nodes))


def ground(box: Box) -> str:
    return element("rect", x=box[0], y=box[1], width=box[2], height=box[3], fill=palette.BACKGROUND)


def draw_reroutes(graph: Graph) -> list[str]:
    return [element("circle", cx=place[0], cy=place[1], r=7, fill="#888", stroke="#111") for place in graph.reroutes]


def draw_link(link: Link, by_id: Mapping[str, Laid]) -> str:
    """Nothing for a link whose ends are not there."""
    path = link_path(link, by_id)
    if path is None:
        return ""
    shadow = element("path", d=path, fill="none", stroke="#000", stroke_opacity=0.5, stroke_width=6)
    return shadow + element("path", d=path, fill="none", stroke=palette.colour_of_type(link.type), stroke_width=3)


def link_path(link: Link, by_id: Mapping[str, Laid]) -> str | None:
    origin, target = by_id.get(link.origin), by_id.get(link.target)
    if origin is None or target is None:
        return None
    places = [origin.output(link.origin_slot), *link.through, target.input(link.target_slot)]
    return f"M{_written(places[0])}" + "".join(_curve(*pair) for pair in pairwise(places))


def written_box(box: Box) -> str:
    return " ".join(map(number, box))


def _bounds(graph: Graph, nodes: list[Laid]) -> Box:
    boxes = [laid.box for laid in nodes]
    boxes += [(group.x, group.y, group.width, group.height) for group in graph.groups]
    boxes += [(x, y, 0, 0) for x, y in graph.reroutes]
    if not boxes:
        return 0, 0, 2 * _MARGIN, 2 * _MARGIN
    left, top = min(box[0] for box in boxes) - _MARGIN, min(box[1] for box in boxes) - _MARGIN
    right = max(box[0] + box[2] for box in boxes) + _MARGIN
    return left, top, right - left, max(box[1] + box[3] for box in boxes) + _MARGIN - top


def _curve(start: Place, end: Place) -> str:
    """It leaves to the right and arrives from the left, the farther the rounder."""
    reach = math.dist(start, end) / 4
    return f"C{_written((start[0] + reach, start[1]))} {_written((end[0] - reach, end[1]))} {_written(end)}"


def _written(place: Place) -> str:
    return f"{number(place[0])} {number(place[1])}"
