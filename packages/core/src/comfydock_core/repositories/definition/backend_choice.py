"""The PyTorch back end that this machine uses for an environment: a file beside the manifest. Fast path."""

from comfydock_core.configs.environment_layout import BACKEND_CHOICE
from comfydock_core.utils import native

_MARK = "\ufffd"


def read_choice(definition: str) -> str | None:
    """The chosen back end, or `None` when none is chosen. Only the first line counts. Raises `OSError`.

    What no name of a file can hold is shown as the mark for that: such a back end is unknown, and told as such.
    """
    content = native.read_bytes(f"{definition}/{BACKEND_CHOICE}")
    if content is None:
        return None
    line = content.decode("utf-8", "replace").split("\n", 1)[0].strip()
    return line.replace("\0", _MARK).replace("/", _MARK) or None
