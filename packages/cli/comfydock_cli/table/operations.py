"""Commands about what was done."""

from comfydock_cli.table.spec import WHILE_RUNNING, WORKSPACE, WRITE, Command, flag, value, word

_ABOUT = "history"
_OF_WORKSPACE = flag("--workspace", help="only operations of the workspace, not of an environment")
_OPERATION = word("operation", "number or identifier of the operation")

COMMANDS = (
    Command(
        ("undo",),
        "comfydock_cli.global_commands.operations:undo",
        "Undo the last change",
        "Undoes the last change of the workspace or of the active environment, whichever came last; with `-e` that of"
        " one environment. The undo is a change itself: undoing it does the thing again. `comfydock help changes` tells"
        " what is kept.",
        ("comfydock undo", "comfydock undo -e work --dry-run"),
        _ABOUT,
        (_OF_WORKSPACE, WHILE_RUNNING),
        WORKSPACE,
        WRITE,
    ),
    Command(("operation",), "", "List, show, resume, undo and prune what was done", about=_ABOUT),
    Command(
        ("operation", "list"),
        "comfydock_cli.global_commands.operations:list_operations",
        "List what was done",
        "The operations of the workspace and of the active environment that are kept, oldest first; with `-e` those of"
        " one environment. One that is `staging` or `applying` is under way, or was stopped in the middle.",
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
        "Go on with what was stopped in the middle",
        "Finishes an operation that was stopped while it changed names, and starts one anew that was stopped before.",
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
        "Without a number, takes back what was stopped in the middle, else undoes the last change. An operation can be"
        " undone while what it put in place is still there as it left it.",
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
        " `comfydock help changes` tells what is kept when nobody prunes.",
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
