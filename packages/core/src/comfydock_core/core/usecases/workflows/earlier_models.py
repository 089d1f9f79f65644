"""What the manifest noted of a workflow's models until now, to be found by who asks for them."""

from collections.abc import Iterable

from comfydock_core.models.workflow.entries import RESOLVED, UNRESOLVED, ModelEntry, ModelUse, WorkflowEntry


class EarlierModels:
    """The models of one entry of the manifest."""

    def __init__(self, entry: WorkflowEntry) -> None:
        self.all = entry.models
        self._uses: dict[ModelUse, ModelEntry] = {}
        self._hashes: dict[str, ModelEntry] = {}
        self._names: dict[str, ModelEntry] = {}
        self._widgets: dict[tuple[str, int], list[ModelEntry]] = {}
        for one in entry.models:
            self._names.setdefault(one.filename, one)
            if one.hash:
                self._hashes.setdefault(one.hash, one)
            for use in one.uses:
                self._uses.setdefault(use, one)
                self._widgets.setdefault((use.node_id, use.widget_index), []).append(one)

    def of(self, use: ModelUse, names: Iterable[str], digest: str | None = None) -> ModelEntry | None:
        """What was noted of the model of a widget: for this very value, this content or name, or else this widget."""
        found = self._uses.get(use) or (self._hashes.get(digest) if digest else None)
        found = found or next((self._names[name] for name in names if name in self._names), None)
        of_widget = self._widgets.get((use.node_id, use.widget_index), [])
        return found or (of_widget[0] if len(of_widget) == 1 else None)

    def hash_of(self, use: ModelUse) -> str | None:
        """The content that was meant by the value of a widget."""
        found = self._uses.get(use)
        return found.hash if found is not None and found.status == RESOLVED else None

    def sources(self, value: str) -> tuple[str, ...]:
        """Where a missing model of this value was to be had."""
        found = self._missing(value)
        return found.sources if found is not None else ()

    def place(self, value: str) -> str | None:
        """Where a missing model of this value was to go."""
        found = self._missing(value)
        return found.relative_path if found is not None else None

    def _missing(self, value: str) -> ModelEntry | None:
        found = self._names.get(value)
        return found if found is not None and found.status == UNRESOLVED else None
