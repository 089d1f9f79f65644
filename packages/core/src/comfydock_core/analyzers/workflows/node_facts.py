"""What a saved node says of itself beside its inputs: its title and the models that it names."""

from comfydock_core.analyzers.workflows.saved_graph import Table, text_of
from comfydock_core.models.workflow.prompt_view import NamedModel


def title_of(raw: Table) -> str | None:
    """The title that somebody gave a node."""
    return text_of(raw.get("title"))


def models_of(holder: Table, place: str) -> tuple[NamedModel, ...]:
    """The models named in `models` of a node's properties or of the workflow itself."""
    listed = holder.get("models")
    return tuple(
        NamedModel(
            name,
            text_of(raw.get("directory")),
            text_of(raw.get("url")),
            text_of(raw.get("hash")),
            text_of(raw.get("hash_type")),
            f"{place}/models/{at}",
        )
        for at, raw in enumerate(listed if isinstance(listed, list) else ())
        if isinstance(raw, dict) and (name := text_of(raw.get("name"))) is not None
    )
