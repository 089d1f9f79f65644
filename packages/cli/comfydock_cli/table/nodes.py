"""Commands about node packs and what is known of them."""

from comfydock_cli.table.spec import ENVIRONMENT, WHILE_RUNNING, WORKSPACE, WRITE, Command, flag, value, word

_ABOUT = "node packs"
_PACKS = word("pack", "node packs of the environment", many=True, completer="packs")
_FORCE = flag("--force", help="go on although something would be refused")
_NO_TEST = flag("--no-test", help="do not try first whether the Python packages fit together")
_STRICT = flag("--strict", help="refuse what changes packages that are locked already")
_KEEP_GOING = flag("--keep-going", help="do what can be done when a part cannot; the exit code tells")
_INSTALL_SCRIPT = flag("--run-install-script", help="run the pack's `install.py` in the new environment")

COMMANDS = (
    Command(("node",), "", "Add, update, remove and find node packs, tell who needs them", about=_ABOUT),
    Command(
        ("node", "add"),
        "comfydock_cli.env_commands.node_packs:add",
        "Add node packs",
        "From the registry by ID or ID@VERSION, from git by URL or URL@REF, from a folder by its path, or with `--dev`"
        " what lies among the custom nodes already. Their Python packages are tried against the lock first. Several are"
        " added together or not at all.",
        (
            "comfydock node add comfyui-impact-pack",
            "comfydock node add comfyui-kjnodes@1.1.0",
            "comfydock node add https://github.com/alice/ComfyUI-Fancy@main",
            "comfydock node add MyNodes --dev",
        ),
        _ABOUT,
        (
            word("pack", "ID, ID@VERSION, URL, URL@REF, a folder, or a name with `--dev`", many=True),
            flag("--dev", help="as your own work: never updated, never deleted"),
            _FORCE,
            _NO_TEST,
            _STRICT,
            _KEEP_GOING,
            _INSTALL_SCRIPT,
            WHILE_RUNNING,
        ),
        ENVIRONMENT,
        WRITE,
    ),
    Command(
        ("node", "remove"),
        "comfydock_cli.env_commands.node_packs:remove",
        "Remove node packs",
        "Takes them out of the manifest and their directories away, which `undo` brings back. The directory of a"
        " development pack is kept, turned off.",
        ("comfydock node remove comfyui-impact-pack", "comfydock node remove MyNodes --untrack"),
        _ABOUT,
        (_PACKS, flag("--untrack", help="leave the directories as they are"), _FORCE, _KEEP_GOING, WHILE_RUNNING),
        ENVIRONMENT,
        WRITE,
    ),
    Command(
        ("node", "update"),
        "comfydock_cli.env_commands.node_packs:update",
        "Update node packs",
        "To the newest version of the registry, or to the head of the branch that a pack from git follows. Shows the"
        " commits between, and what is new in the code and worth a look.",
        ("comfydock node update comfyui-impact-pack", "comfydock node update --all --dry-run"),
        _ABOUT,
        (
            word("pack", "node packs of the environment", many=True, optional=True, completer="packs"),
            flag("--all", help="update every node pack"),
            _FORCE,
            _NO_TEST,
            _STRICT,
            _KEEP_GOING,
            _INSTALL_SCRIPT,
            WHILE_RUNNING,
        ),
        ENVIRONMENT,
        WRITE,
    ),
    Command(
        ("node", "prune"),
        "comfydock_cli.env_commands.node_packs:prune",
        "Remove node packs that no workflow needs",
        "Asks first. Development packs stay, and so does what may be needed: where a workflow or the code of a pack"
        " could not be read, that is told. `undo` brings everything back.",
        ("comfydock node prune --dry-run", "comfydock node prune --exclude comfyui-impact-pack --yes"),
        _ABOUT,
        (
            value("--exclude", metavar="PACKS", help="packs that stay, with commas between", completer="packs"),
            _FORCE,
            _KEEP_GOING,
            WHILE_RUNNING,
        ),
        ENVIRONMENT,
        WRITE,
    ),
    Command(
        ("node", "why-not"),
        "comfydock_cli.env_commands.node_packs:why_not",
        "Tell whether node packs would fit",
        "Tries them as `node add` does, and adds nothing. When they do not fit: which requirements collide, no more"
        " than needed, and which changes were tried and help.",
        ("comfydock node why-not comfyui-impact-pack", "comfydock node why-not comfyui-kjnodes@1.1.0 --strict"),
        _ABOUT,
        (
            word("pack", "ID, ID@VERSION, URL, URL@REF or a folder", many=True),
            _FORCE,
            _STRICT,
        ),
        ENVIRONMENT,
    ),
    Command(
        ("node", "list"),
        "comfydock_cli.env_commands.node_packs:list_packs",
        "List the node packs",
        "Identifier, version, where each comes from, and whether it is there and on.",
        ("comfydock node list", "comfydock node list --json"),
        _ABOUT,
        (),
        ENVIRONMENT,
    ),
    Command(
        ("node", "enable"),
        "comfydock_cli.env_commands.node_packs:enable",
        "Turn node packs on again",
        "",
        ("comfydock node enable comfyui-impact-pack",),
        _ABOUT,
        (_PACKS, _KEEP_GOING, WHILE_RUNNING),
        ENVIRONMENT,
        WRITE,
    ),
    Command(
        ("node", "disable"),
        "comfydock_cli.env_commands.node_packs:disable",
        "Turn node packs off",
        "ComfyUI passes over them, while manifest and lock keep them: turning them on again takes no time.",
        ("comfydock node disable comfyui-impact-pack",),
        _ABOUT,
        (_PACKS, _KEEP_GOING, WHILE_RUNNING),
        ENVIRONMENT,
        WRITE,
    ),
    Command(
        ("node", "dev-link"),
        "comfydock_cli.env_commands.node_packs:dev_link",
        "Use a node pack from where you work on it",
        "Puts a link to your own checkout among the custom nodes. A pack of that name is replaced, which `undo` takes"
        " back; the checkout is only read.",
        ("comfydock node dev-link ~/src/ComfyUI-Fancy", "comfydock node dev-link ~/src/fancy --name ComfyUI-Fancy"),
        _ABOUT,
        (
            word("path", "the directory of the node pack", completer="directories"),
            value(
                "--name",
                metavar="NAME",
                help="the pack that it stands for, instead of the directory's name",
                completer="packs",
            ),
            _FORCE,
            _NO_TEST,
            _STRICT,
            WHILE_RUNNING,
        ),
        ENVIRONMENT,
        WRITE,
    ),
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
