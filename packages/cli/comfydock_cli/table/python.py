"""Commands about Python packages, and about what is outdated."""

from comfydock_cli.table.spec import ENVIRONMENT, NO_TEST, STRICT, WHILE_RUNNING, WRITE, Command, flag, value, word

_ABOUT = "packages"
_GROUP = value("--group", metavar="NAME", help="a dependency group of yours", completer="package_groups")

COMMANDS = (
    Command(("py",), "", "Add, remove and list Python packages", about=_ABOUT),
    Command(
        ("py", "add"),
        "comfydock_cli.env_commands.python_packages:add",
        "Add Python packages",
        "Checks first whether everything fits together, then writes the requirements into the manifest, locks and"
        " installs them: all of it or nothing, and `undo` takes it back. A version of what ComfyUI itself asks for is a"
        " constraint.",
        (
            "comfydock py add einops",
            'comfydock py add "xformers>=0.0.30" --strict',
            "comfydock py add -r requirements.txt --group tools",
            "comfydock py add ~/src/my-tool --editable",
        ),
        _ABOUT,
        (
            word("package", "requirements, addresses, wheels or folders", many=True, optional=True),
            value("--requirements", "-r", metavar="FILE", help="what a requirements file asks for", completer="files"),
            _GROUP,
            flag("--dev", help="the same as `--group dev`"),
            flag("--editable", help="use folders in place, instead of a copy"),
            value(
                "--bounds",
                metavar="KIND",
                choices=("lower", "major", "minor", "exact"),
                help="which bounds to write for packages without a version",
            ),
            flag("--upgrade", help="take the newest versions of what is named, even where others are locked"),
            NO_TEST,
            STRICT,
            WHILE_RUNNING,
        ),
        ENVIRONMENT,
        WRITE,
    ),
    Command(
        ("py", "remove"),
        "comfydock_cli.env_commands.python_packages:remove",
        "Remove Python packages",
        "Takes requirements out of the manifest, and packages that nothing needs any more out of the environment. What"
        " ComfyUI itself asks for stays without `--force`.",
        ("comfydock py remove einops", "comfydock py remove einops --group tools"),
        _ABOUT,
        (
            word("package", "names of packages", many=True, completer="own_packages"),
            _GROUP,
            flag("--force", help="remove also what ComfyUI itself asks for"),
            NO_TEST,
            STRICT,
            WHILE_RUNNING,
        ),
        ENVIRONMENT,
        WRITE,
    ),
    Command(
        ("py", "remove-group"),
        "comfydock_cli.env_commands.python_packages:remove_group",
        "Remove a dependency group",
        "Removes the group with all of its packages. Groups of node packs are removed with their packs: `node remove`.",
        ("comfydock py remove-group tools",),
        _ABOUT,
        (word("group", "a dependency group of yours", completer="package_groups"), NO_TEST, STRICT, WHILE_RUNNING),
        ENVIRONMENT,
        WRITE,
    ),
    Command(
        ("py", "list"),
        "comfydock_cli.env_commands.python_listing:list_packages",
        "List the Python packages that are asked for",
        "What the manifest asks for, the versions that are locked, and who asks: ComfyUI, you, a group. `node why`"
        " explains why any other package is here.",
        ("comfydock py list", "comfydock py list --all --json"),
        _ABOUT,
        (flag("--all", help="also what node packs ask for"),),
        ENVIRONMENT,
    ),
    Command(
        ("py", "uv"),
        "comfydock_cli.env_commands.raw_uv:run",
        "Run uv on the environment",
        "Everything from the first argument that is not an option of ComfyDock goes to uv as it is. It works in the"
        " definition with the environment's own settings and cache, on the live environment: nothing is checked"
        " first, and `undo` does not cover it. The exit code passes through.",
        ("comfydock py uv tree", "comfydock py uv pip list"),
        _ABOUT,
        (WHILE_RUNNING,),
        ENVIRONMENT,
        WRITE,
        passthrough="UV-ARGS",
    ),
    Command(("constraint",), "", "Limit the versions of Python packages", about=_ABOUT),
    Command(
        ("constraint", "add"),
        "comfydock_cli.env_commands.python_packages:constrain",
        "Limit the versions of packages",
        "A constraint requests nothing; it limits what something else requests. It replaces those that exist for"
        " the same package, and is checked, locked and installed at once.",
        ('comfydock constraint add "numpy<2"', 'comfydock constraint add "numpy<2" "pillow>=10,<12"'),
        _ABOUT,
        (word("constraint", "names with limits, such as `numpy<2`", many=True), NO_TEST, STRICT, WHILE_RUNNING),
        ENVIRONMENT,
        WRITE,
    ),
    Command(
        ("constraint", "list"),
        "comfydock_cli.env_commands.python_listing:list_constraints",
        "List the constraints",
        "Yours, and those that pin the release of PyTorch.",
        ("comfydock constraint list", "comfydock constraint list --json"),
        _ABOUT,
        (),
        ENVIRONMENT,
    ),
    Command(
        ("constraint", "remove"),
        "comfydock_cli.env_commands.python_packages:unconstrain",
        "Remove constraints",
        "",
        ("comfydock constraint remove numpy",),
        _ABOUT,
        (
            word("package", "names of packages that have one", many=True, completer="constrained_packages"),
            NO_TEST,
            STRICT,
            WHILE_RUNNING,
        ),
        ENVIRONMENT,
        WRITE,
    ),
    Command(
        ("outdated",),
        "comfydock_cli.env_commands.outdated:outdated",
        "Show what has newer versions",
        "ComfyUI, node packs and Python packages, with the commits between where there are any. Nothing is changed."
        " What cannot be looked up is reported; exit code 5 means that nothing could be looked up.",
        ("comfydock outdated", "comfydock outdated -e work --json"),
        _ABOUT,
        (),
        ENVIRONMENT,
    ),
)
