"""Commands about what was done, and about the history of definitions."""

from comfydock_cli.table.spec import ENVIRONMENT, FORCE, WHILE_RUNNING, WORKSPACE, WRITE, Command, flag, value, word

_ABOUT = "history"
_OF_WORKSPACE = flag("--workspace", help="only operations of the workspace, not of an environment")
_PICTURE = value("--picture", metavar="FILE", help="draw the workflows that differ into an SVG picture")
_OPERATION = word("operation", "number or identifier of the operation")

COMMANDS = (
    Command(
        ("commit",),
        "comfydock_cli.env_commands.committing:commit",
        "Commit the environment's definition",
        "Makes a commit of manifest, locks and the workflows as they are now in the git repository `.cec`. Without a"
        " message it is named after what changed. What could not be rebuilt elsewhere, such as code that is not pushed"
        " or a locked model without a source, is listed, and stands in the commit. Changed files of ComfyUI and of node"
        " packs are among that, unless `--with-patches` keeps them in `patches`. `undo` takes the commit back.",
        ("comfydock commit", 'comfydock commit -m "faces work" --strict', "comfydock commit --with-patches --dry-run"),
        _ABOUT,
        (
            value("--message", "-m", metavar="MESSAGE", help="what the commit is about"),
            flag("--strict", help="refuse to commit what could not be rebuilt elsewhere"),
            flag("--with-patches", help="commit changed files of ComfyUI and of node packs as patches"),
        ),
        ENVIRONMENT,
        WRITE,
    ),
    Command(
        ("log",),
        "comfydock_cli.env_commands.history:log",
        "List the commits of an environment",
        "What the definition was, newest first: the number, date and author of each commit, and what it changed in"
        " words. With a workflow or a path below `.cec`, only the commits that concern it.",
        ("comfydock log", "comfydock log -n 5 --graph", "comfydock log pyproject.toml"),
        _ABOUT,
        (
            word("path", "a workflow, or a path below `.cec`", optional=True, completer="workflows"),
            value("--number", "-n", metavar="N", default="20", type="int", help="how many commits; 0 for all"),
            flag("--graph", help="draw how branches were merged"),
        ),
        ENVIRONMENT,
    ),
    Command(
        ("show",),
        "comfydock_cli.env_commands.history:show",
        "Show what a commit changed",
        "In ComfyUI, node packs, Python packages, workflows and settings, compared with the commit before it."
        " Workflows are compared by nodes and values. A commit is named by `v3`, a branch, a tag, its first digits,"
        " `HEAD~2` or `@{yesterday}`.",
        ("comfydock show", "comfydock show v1 -e work"),
        _ABOUT,
        (word("ref", "the commit; the last one by default", optional=True, completer="refs"), _PICTURE, FORCE),
        ENVIRONMENT,
    ),
    Command(
        ("diff",),
        "comfydock_cli.env_commands.history:diff",
        "Show what is different now",
        "Compares the last commit, or the one named, with what is there now, saved workflows included; `A..B` compares"
        " two commits. `op:42` is the state before operation 42. The exit code is 0, whether there are differences or"
        " not. `--picture` also draws the workflows side by side: what was added, removed and changed. It replaces"
        " pictures that it made, other files only with `--force`.",
        ("comfydock diff", "comfydock diff HEAD~0 --picture diff.svg", "comfydock diff v1..HEAD -e work"),
        _ABOUT,
        (word("refs", "a commit, or two as `A..B`", optional=True, completer="refs"), _PICTURE, FORCE),
        ENVIRONMENT,
    ),
    Command(
        ("blame",),
        "comfydock_cli.env_commands.history:blame",
        "Show which commit set what of a workflow",
        "For each node the commit that added it, and for each of its values and links the commit that set it. A node is"
        " named by its number, its title or its class. Followed are the first parents of the commits and the file under"
        " its present name: what it was called before is not looked for.",
        ("comfydock blame portrait", "comfydock blame portrait FaceDetailer", "comfydock blame portrait 2.model"),
        _ABOUT,
        (
            word("workflow", "a workflow of the environment", completer="workflow_names"),
            word("node", "a node, or one input of it as `NODE.INPUT`", optional=True),
            value("--ref", metavar="REF", help="what this commit has, instead of what is saved", completer="refs"),
        ),
        ENVIRONMENT,
    ),
    Command(
        ("undo",),
        "comfydock_cli.global_commands.operations:undo",
        "Undo the last change",
        "Undoes the last change of the workspace or of the active environment, whichever came last; with `-e` that"
        " of one environment. The undo is a change itself: undoing it redoes the change. `comfydock help undo`"
        " says what is kept.",
        ("comfydock undo", "comfydock undo -e work --dry-run"),
        _ABOUT,
        (_OF_WORKSPACE, WHILE_RUNNING),
        WORKSPACE,
        WRITE,
    ),
    Command(("operation",), "", "List, show, resume, undo and prune operations", about=_ABOUT),
    Command(
        ("operation", "list"),
        "comfydock_cli.global_commands.operations:list_operations",
        "List the operations",
        "The operations of the workspace and of the active environment that are kept, oldest first; with `-e` those of"
        " one environment. One that is `staging` or `applying` is in progress, or was interrupted.",
        ("comfydock operation list", "comfydock operation list -e work"),
        _ABOUT,
        (_OF_WORKSPACE,),
        WORKSPACE,
    ),
    Command(
        ("operation", "show"),
        "comfydock_cli.global_commands.operations:show",
        "Show one operation",
        "Its words, its state, the names that it changed, and what it keeps.",
        ("comfydock operation show 12",),
        _ABOUT,
        (_OPERATION, _OF_WORKSPACE),
        WORKSPACE,
    ),
    Command(
        ("operation", "resume"),
        "comfydock_cli.global_commands.operations:resume",
        "Resume what was interrupted",
        "Finishes an operation that was interrupted while it changed names, and restarts one that was interrupted"
        " before.",
        ("comfydock operation resume",),
        _ABOUT,
        (_OF_WORKSPACE,),
        WORKSPACE,
        WRITE,
    ),
    Command(
        ("operation", "undo"),
        "comfydock_cli.global_commands.operations:undo_operation",
        "Undo one operation",
        "Without a number, takes back what was interrupted, else undoes the last change. An operation can be undone"
        " as long as what it put in place is unchanged.",
        ("comfydock operation undo", "comfydock operation undo 12 --dry-run"),
        _ABOUT,
        (word("operation", "number or identifier of the operation", optional=True), _OF_WORKSPACE, WHILE_RUNNING),
        WORKSPACE,
        WRITE,
    ),
    Command(
        ("operation", "prune"),
        "comfydock_cli.global_commands.operations:prune",
        "Free what operations keep",
        "Removes for good what operations took away, deleted environments among it. What is pruned cannot be undone."
        " `comfydock help undo` says what is kept without pruning.",
        ("comfydock operation prune", "comfydock operation prune --keep 1 --dry-run"),
        _ABOUT,
        (
            value(
                "--keep",
                metavar="N",
                default="0",
                type="int",
                help="how many operations that keep directories to leave",
            ),
            _OF_WORKSPACE,
        ),
        WORKSPACE,
        WRITE,
    ),
)
