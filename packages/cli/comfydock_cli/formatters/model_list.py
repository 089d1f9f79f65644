"""Models as lines. On the path of `model index find`: little is loaded."""

from comfydock_cli.formatters.columns import aligned
from comfydock_core.models.model_files.header_words import header_words
from comfydock_core.utils.text import size_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from comfydock_core.models.model_files.location import ModelLocation

NO_MODELS = "no models are indexed yet; `comfydock model index sync` looks for them"
_UNKNOWN = "-"


def models_text(places: "Sequence[ModelLocation]") -> str:
    """A line a file: digits of its digest, size, path below its root, and what it is."""
    return aligned([(identifier(one), size_text(one.state.size), one.path, what(one)) for one in places])


def identifier(place: "ModelLocation") -> str:
    """The digits of a digest that name a model, or a dash."""
    return place.blake3[:12] if place.blake3 else _UNKNOWN


def what(place: "ModelLocation") -> str:
    """What a file is, by its header; nothing where that is unknown."""
    return "" if place.header is None else header_words(place.header)
