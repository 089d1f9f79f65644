"""Which pack defines a node class, as the lists of known packs say."""

from comfydock_core.records import record

# Where a fact comes from.
REGISTRY = "registry"
MANAGER = "manager"
COMFYUI = "comfyui"

# The identifier under which ComfyUI's own nodes are known.
CORE = "comfy-core"


@record
class NodeMapping:
    """A pack that defines a node class.

    `signature` are the 8 digits of the inputs that this is known for, empty when it is known by name alone. The lowest
    `rank` is the best. `source` is `registry`, `manager`, or `comfyui` for ComfyUI itself. `claimed` says that the
    class belongs to this pack although others list it too; `pattern` is what its name fits while no list names it.
    """

    identifier: str
    signature: str = ""
    rank: int = 999
    source: str = REGISTRY
    versions: tuple[str, ...] = ()
    claimed: bool = False
    pattern: str | None = None
