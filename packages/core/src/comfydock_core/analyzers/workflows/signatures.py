"""The signatures by which node data tells classes of one name apart."""

import hashlib

from comfydock_core.analyzers.workflows.saved_graph import text_of


def input_signature(inputs: object) -> str:
    """The 8 digits that tell nodes of one name apart by their inputs, empty for a node without any.

    Format of ComfyDock's node data: `name:TYPE` of every input, sorted by name, joined by `|`, SHA-1.
    """
    pairs = {}
    for item in inputs if isinstance(inputs, list) else ():
        if isinstance(item, dict) and (name := text_of(item.get("name"))) is not None:
            kind = "COMBO" if isinstance(item.get("type"), list) else text_of(item.get("type"))
            if kind is not None:
                pairs[name] = kind
    if not pairs:
        return ""
    text = "|".join(f"{name}:{kind}" for name, kind in sorted(pairs.items()))
    return hashlib.sha1(text.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()[:8]
