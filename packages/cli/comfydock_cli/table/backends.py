"""Commands about PyTorch back ends."""

from comfydock_cli.table.spec import ENVIRONMENT, NOTHING, Command, word

_ABOUT = "packages"

COMMANDS = (
    Command(("backend",), "", "Look at the PyTorch back ends of an environment", about=_ABOUT),
    Command(
        ("backend", "list"),
        "comfydock_cli.env_commands.backends:list_backends",
        "List the locked back ends",
        "Every back end that the environment has a lock of PyTorch for, with its release and state; the one that this"
        " machine uses is marked.",
        ("comfydock backend list", "comfydock backend list -e work --json"),
        _ABOUT,
        (),
        ENVIRONMENT,
    ),
    Command(
        ("backend", "check"),
        "comfydock_cli.env_commands.backends:check",
        "Check the locks of all back ends",
        "Tells which locks of PyTorch cannot be used and why, and ends with exit code 8 if there is one.",
        ("comfydock backend check",),
        _ABOUT,
        (),
        ENVIRONMENT,
    ),
    Command(("env-config",), "", "Settings of an environment on this machine", about=_ABOUT),
    Command(("env-config", "torch-backend"), "", "The PyTorch back end of this machine", about=_ABOUT),
    Command(
        ("env-config", "torch-backend", "show"),
        "comfydock_cli.env_commands.backends:show",
        "Show which back end is used here",
        "",
        ("comfydock env-config torch-backend show",),
        _ABOUT,
        (),
        ENVIRONMENT,
    ),
    Command(
        ("env-config", "torch-backend", "detect"),
        "comfydock_cli.env_commands.backends:detect",
        "Tell which back end fits this machine",
        "Asks the programs of NVIDIA, AMD and Intel that are on PATH; nothing is changed.",
        ("comfydock env-config torch-backend detect",),
        _ABOUT,
        (),
        NOTHING,
    ),
    Command(
        ("__merge",),
        "comfydock_cli.global_commands.merging:merge",
        "Merge a file for git",
        "",
        (),
        _ABOUT,
        (
            word("kind", "what the file is", choices=("lock", "manifest")),
            word("base", "the common ancestor"),
            word("ours", "our version, which becomes the merged one"),
            word("theirs", "their version"),
        ),
        NOTHING,
        hidden=True,
    ),
)
