"""Commands about the workspace."""

from comfydock_cli.table.spec import NOTHING, WORKSPACE, WRITE, Command, flag, value, word

_ABOUT = "workspace"

COMMANDS = (
    Command(
        ("init",),
        "comfydock_cli.global_commands.setup:init",
        "Create a workspace",
        "Creates the workspace at PATH, else at COMFYDOCK_HOME, else at `~/comfydock`. Models are kept in the"
        " workspace unless `--models-dir` names another directory.",
        ("comfydock init", "comfydock init /data/comfydock --models-dir /data/models"),
        _ABOUT,
        (
            word("path", "directory of the new workspace", optional=True, completer="directories"),
            value("--models-dir", metavar="DIR", help="existing directory of models to share", completer="directories"),
        ),
        NOTHING,
        WRITE,
    ),
    Command(
        ("config",),
        "comfydock_cli.global_commands.config:config",
        "Show or change the settings",
        "Without an option, or with `--show`, prints the settings. Keys are shown by their last four characters.",
        ("comfydock config", "comfydock config --civitai-key -", "comfydock config --registry-cache off"),
        _ABOUT,
        (
            flag("--show", help="print the settings"),
            value(
                "--civitai-key",
                metavar="KEY",
                secret=True,
                help="store the CivitAI key: `-` reads it from standard input, an empty one removes it",
            ),
            value(
                "--registry-cache",
                metavar="WHEN",
                choices=("on", "off"),
                help="use the downloaded lists of node packs where the registry gives no answer",
            ),
            value(
                "--node-policy",
                metavar="WHAT",
                choices=("warn", "refuse"),
                help="what to do about suspicious code in new node packs",
            ),
        ),
        WORKSPACE,
        WRITE,
        shows=True,
    ),
    Command(
        ("logs",),
        "comfydock_cli.global_commands.logs:logs",
        "Show the log",
        "Prints the newest records of an environment's log, or of the workspace's.",
        ("comfydock logs", "comfydock logs -n 20 --level warning", "comfydock logs --workspace --full"),
        _ABOUT,
        (
            value("--lines", "-n", metavar="N", default="200", type="int", help="how many records"),
            value(
                "--level",
                metavar="LEVEL",
                choices=("debug", "info", "warning", "error", "critical"),
                help="only records of this level or above",
            ),
            flag("--full", help="every record"),
            flag("--workspace", help="the workspace's log, not an environment's"),
        ),
        WORKSPACE,
    ),
    Command(
        ("doctor",),
        "comfydock_cli.global_commands.doctor:doctor",
        "Look for what is wrong",
        "Checks git, uv, the workspace and its environments, or the one of `-e`, and says how to fix what it finds."
        " Exit code 8 means that there is a problem. `--fix` repairs what is simple and safe.",
        ("comfydock doctor", "comfydock doctor -e work --deep", "comfydock doctor --fix --dry-run"),
        _ABOUT,
        (
            flag("--fix", help="create missing directories and links, forget what no longer exists"),
            flag("--deep", help="compare every installed file with what was installed"),
        ),
        WORKSPACE,
        WRITE,
        shows=True,
    ),
    Command(("cache",), "", "What is kept for all environments", about=_ABOUT),
    Command(
        ("cache", "size"),
        "comfydock_cli.global_commands.caches:size",
        "Show what each cache takes on the disk",
        "Counts every file once, however many names it has. `only here` is what removing a cache would free, where that"
        " is less: environments share files with caches, most of all with uv's.",
        ("comfydock cache size", "comfydock cache size --json"),
        _ABOUT,
        (),
        WORKSPACE,
    ),
    Command(
        ("cache", "prune"),
        "comfydock_cli.global_commands.caches:prune",
        "Remove from the caches what nothing needs",
        "Removes node packs and mirrors of repositories that nothing names: no commit in the history of any"
        " environment, no uncommitted definition, and nothing that `undo` would bring back. Also removes answers that"
        " are too old to be used, and what killed commands left. If something cannot be read, everything that it may"
        " name is kept, so that every commit can still be checked out without a network.",
        ("comfydock cache prune --dry-run", "comfydock cache prune --older-than 4w --uv --dry-run"),
        _ABOUT,
        (
            flag("--uv", help="let uv prune its own cache of Python packages as well"),
            value(
                "--older-than",
                metavar="AGE",
                default="0d",
                help="keep what is newer than so many hours, days or weeks, as in 12h, 30d or 4w",
            ),
        ),
        WORKSPACE,
        WRITE,
    ),
)
