"""Which of the workflows that are committed for the first time are none."""

from comfydock_core.analyzers.workflows.json_reading import read_json
from comfydock_core.analyzers.workflows.opening import workflow_in
from comfydock_core.analyzers.workflows.refusals import NoWorkflow

# So many bytes of new workflows are read as such; of more only what looks odd, because that takes long.
_READ = 2 * 1024 * 1024
_LOOKS_LIKE = (b'"nodes"', b'"class_type"')


class WorkflowReading:
    """Looks at files one by one; `unreadable` are those that are no workflows, with the reason."""

    def __init__(self) -> None:
        self.unreadable: list[tuple[str, str]] = []
        self._size = 0

    def look_at(self, path: str, content: bytes) -> None:
        """Other files than JSON do not claim to be workflows."""
        self._size += len(content)
        if not path.endswith(".json") or (self._size > _READ and _looks_well(content)):
            return
        try:
            workflow_in(read_json(content))
        except NoWorkflow as error:
            self.unreadable.append((path, str(error)))


def _looks_well(content: bytes) -> bool:
    text = content.strip()
    return text.startswith(b"{") and text.endswith(b"}") and any(word in text for word in _LOOKS_LIKE)
