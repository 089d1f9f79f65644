"""Opening what may be a workflow: what the editor saves or exports, or a file that ComfyUI wrote one into."""

from __future__ import annotations

import io
import os

from comfydock_core.analyzers.workflows import carriers
from comfydock_core.analyzers.workflows.api_prompt import is_api_prompt, view_of_prompt
from comfydock_core.analyzers.workflows.json_reading import LARGEST, read_json
from comfydock_core.analyzers.workflows.prompt_view import Classes, view_of_graph
from comfydock_core.analyzers.workflows.refusals import NotACarrier, NoWorkflow
from comfydock_core.analyzers.workflows.saved_graph import Table
from comfydock_core.models.workflow.prompt_view import PromptView
from comfydock_core.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from comfydock_core.models.workflow.carried import Carried

_WRAPPERS = ("workflow", "prompt")  # Under one of these stands what is saved beside pictures.
_STARTS_OF_TEXT = (b"{", b"[", b"\xff\xfe", b"\xfe\xff")


@record
class OpenedWorkflow:
    """A workflow as it stands in a file.

    `raw` is the graph or the prompt; `place` the JSON pointer to it in the document. `carrier` is the kind of the file
    that it was found in, `None` for a file of JSON, which alone can be written back.
    """

    raw: Table
    is_graph: bool
    place: str = ""
    carrier: str | None = None

    def view(self, classes: Classes, editor_only: frozenset[str] = frozenset()) -> PromptView:
        """The prompt view of it, with what is known of node classes."""
        return view_of_graph(self.raw, classes, editor_only) if self.is_graph else view_of_prompt(self.raw)


def open_workflow(path: str) -> OpenedWorkflow:
    """The workflow in a file. Raises `NoWorkflow`, whose message continues "PATH: ", and `OSError`."""
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        head = file.read(64)
        if not _is_text(head):
            file.seek(0)
            return _carried(carriers.carried_in(file, size))
        if size > LARGEST:
            raise NoWorkflow("it is too large to be a workflow")
        content = head + file.read(LARGEST + 1)
    return _of_text(content, path)


def open_content(content: bytes) -> OpenedWorkflow:
    """The same for content that is at hand, such as standard input."""
    if _is_text(content[:64]):
        return _of_text(content, None)
    return _carried(carriers.carried_in(io.BytesIO(content), len(content)))


def workflow_in(value: object) -> OpenedWorkflow:
    """The workflow in parsed JSON. Raises `NoWorkflow`."""
    found = _within(value, "", 0)
    if found is None:
        raise NoWorkflow("it holds no nodes")
    return found


def _of_text(content: bytes, path: str | None) -> OpenedWorkflow:
    value = read_json(content)
    found = _within(value, "", 0)
    if found is None and path is not None and isinstance(value, dict) and "asset" in value:
        return _carried(carriers.read_carrier(path))  # A 3D scene is JSON, too.
    if found is None:
        raise NoWorkflow("it holds no nodes")
    return found


def _within(value: object, place: str, deep: int) -> OpenedWorkflow | None:
    if not isinstance(value, dict):
        return None
    if isinstance(value.get("nodes"), list | dict):
        return OpenedWorkflow(value, True, place)
    if is_api_prompt(value):
        return OpenedWorkflow(value, False, place)
    for wrapper in _WRAPPERS if deep == 0 else ():
        inner = value.get(wrapper)
        if isinstance(inner, str):
            inner = read_json(inner.encode("utf-8", "surrogatepass"))
            found = _within(inner, "", 1)
            if found is not None:
                return OpenedWorkflow(found.raw, found.is_graph, f"{place}/{wrapper}", "text")
        found = _within(inner, f"{place}/{wrapper}", 1)
        if found is not None:
            return found
    return None


def _carried(carried: Carried) -> OpenedWorkflow:
    """The graph, which says more, or else the prompt."""
    for content in (carried.workflow, carried.prompt):
        if content is not None:
            found = workflow_in(read_json(content))
            return OpenedWorkflow(found.raw, found.is_graph, found.place, carried.kind)
    raise NotACarrier("it holds no workflow")


def _is_text(head: bytes) -> bool:
    return head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(_STARTS_OF_TEXT)
