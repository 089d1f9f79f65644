"""Where a model that is missing can be had."""

from comfydock_core.models.model_files.model_list import ModelListEntry
from comfydock_core.records import record

# Where it is known from that a missing model can be had, in the order in which it is asked.
FROM_USER = "you"
FROM_LOCK = "lock"  # Of the workflow: by the digest.
FROM_WORKFLOW = "workflow"
FROM_MANIFEST = "manifest"
FROM_INDEX = "index"  # By the digest, which is known.
FROM_LIST = "model-list"  # By the name alone.


@record
class ModelOrigin:
    """Where a missing model can be had, and where that is known from.

    `sha256` is what the manifest noted of the content. `entries` are those of the list of models, where nothing else is
    known; more than one address, or a name that tells nothing, is a choice for people, and there are no `urls` then.
    """

    urls: tuple[str, ...] = ()
    known_from: str = ""
    sha256: str | None = None
    entries: tuple[ModelListEntry, ...] = ()
