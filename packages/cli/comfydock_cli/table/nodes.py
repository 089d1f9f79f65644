"""Commands about node packs and what is known of them."""

from comfydock_cli.table import node_changes
from comfydock_cli.table.spec import ENVIRONMENT, WORKSPACE, WRITE, Command, value, word

_ABOUT = "node packs"

COMMANDS = (
    Command(("node",), "", "Add, update, remove and find node packs, tell who needs them", about=_ABOUT),
    *node_changes.COMMANDS,
    Command(
        ("node", "search"),
        "comfydock_cli.env_commands.node_knowledge:search",
        "Find node packs by words",
        "Looks in the names, descriptions and node classes of all known packs; those of the environment are marked with"
        " *. The network is not needed: `registry update` fetches the lists that are looked in.",
        ("comfydock node search face detailer", "comfydock node search upscale --limit 5 --json"),
        _ABOUT,
        (
            word("words", "words of a name, a description or a node class", many=True),
            value("--limit", "-n", metavar="N", default="10", type="int", help="how many packs"),
        ),
        WORKSPACE,
    ),
    Command(
        ("node", "why"),
        "comfydock_cli.env_commands.node_knowledge:why",
        "Tell why something is here",
        "For a node pack: the workflows that need it and what it asks for. For a node class: the packs that define it."
        " For a Python package: who asks for it, directly and through other packages. No code of a pack is run.",
        ("comfydock node why comfyui-impact-pack", "comfydock node why FaceDetailer", "comfydock node why numpy"),
        _ABOUT,
        (word("name", "a node pack, a node class or a Python package"),),
        ENVIRONMENT,
    ),
    Command(("registry",), "", "The lists of known node packs", about=_ABOUT),
    Command(
        ("registry", "status"),
        "comfydock_cli.global_commands.registry:status",
        "Show how old the lists are",
        "Shows each list of node packs with its size and age, and how many packs and node classes they hold together.",
        ("comfydock registry status", "comfydock registry status --json"),
        _ABOUT,
        (),
        WORKSPACE,
    ),
    Command(
        ("registry", "update"),
        "comfydock_cli.global_commands.registry_updating:update",
        "Fetch the lists of known node packs",
        "Fetches ComfyDock's node data and the lists of ComfyUI-Manager where they changed. A list that cannot be"
        " fetched stays as it is; exit code 5 means that none could.",
        ("comfydock registry update",),
        _ABOUT,
        (),
        WORKSPACE,
        WRITE,
    ),
)
