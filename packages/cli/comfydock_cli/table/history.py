"""Commands about what was done, and about the history of definitions."""

from comfydock_cli.table.spec import (
    AUTO_RESOLVE,
    DISCARD,
    ENVIRONMENT,
    FORCE,
    STASH,
    TAKE,
    WHILE_RUNNING,
    WORKSPACE,
    WRITE,
    Command,
    flag,
    value,
    word,
)

_ABOUT = "history"
_OF_WORKSPACE = flag("--workspace", help="only operations of the workspace, not of an environment")
_PICTURE = value("--picture", metavar="FILE", help="draw the workflows that differ into an SVG picture")
_OPERATION = word("operation", "number or identifier of the operation")
_NUMBER = word("number", "number of the stash; the newest by default", optional=True, completer="stashes")

COMMANDS = (
    Command(
        ("commit",),
        "comfydock_cli.env_commands.committing:commit",
        "Commit the environment's definition",
        "Makes a commit of manifest, locks and the workflows as they are now in the git repository `.cec`. Without a"
        " message it is named after what changed. What could not be rebuilt elsewhere, such as code that is not pushed"
        " or a locked model without a source, is listed, and stands in the commit. Changed files of ComfyUI and of node"
        " packs are among that, unless `--with-patches` keeps them in `patches`, for whoever goes to the commit."
        " `undo` takes the commit back.",
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
        ("checkout",),
        "comfydock_cli.env_commands.moving:checkout",
        "Go to any commit of the history",
        "Makes the environment what a commit says: ComfyUI, node packs, Python packages, workflows. With the name of a"
        " branch, the environment is on that branch then; otherwise on none. What is not committed and would be"
        " overwritten is listed, and nothing is done.",
        ("comfydock checkout v1", "comfydock checkout HEAD~1 -b experiment", "comfydock checkout main --stash"),
        _ABOUT,
        (
            word("ref", "the commit or branch; `-` for the branch before", completer="refs"),
            value("--branch", "-b", metavar="NAME", help="make a branch there and be on it"),
            STASH,
            DISCARD,
            WHILE_RUNNING,
        ),
        ENVIRONMENT,
        WRITE,
    ),
    Command(
        ("switch",),
        "comfydock_cli.env_commands.moving:switch",
        "Switch to another branch",
        "Makes the environment what the last commit of a branch says, and puts it on that branch. The virtual"
        " environment of the branch that is left is kept for a while, so that switching back and forth takes no"
        " installation.",
        ("comfydock switch main", "comfydock switch -c faces", "comfydock switch -c old v1"),
        _ABOUT,
        (
            word("branch", "the branch; with `-c` the commit to start at", optional=True, completer="branches"),
            value("--create", "-c", metavar="NAME", help="make a branch of this name first"),
            STASH,
            DISCARD,
            WHILE_RUNNING,
        ),
        ENVIRONMENT,
        WRITE,
    ),
    Command(
        ("reset",),
        "comfydock_cli.env_commands.moving:reset",
        "Let the branch lead to another commit",
        "By default the environment stays as it is, and what differs from the commit is uncommitted work then."
        " `--hard` makes the environment what the commit says, and overwrites uncommitted work. `undo` takes either"
        " back.",
        ("comfydock reset HEAD~1 --soft", "comfydock reset --hard v1"),
        _ABOUT,
        (
            word("ref", "the commit; the last one by default", optional=True, completer="refs"),
            flag("--soft", help="move the branch alone, and leave git's index as it is"),
            flag("--mixed", help="move the branch and git's index; this is the default"),
            flag("--hard", help="make the environment what the commit says"),
            WHILE_RUNNING,
        ),
        ENVIRONMENT,
        WRITE,
    ),
    Command(
        ("rollback",),
        "comfydock_cli.env_commands.moving:rollback",
        "Go back by a new commit",
        "Makes the environment what an earlier commit says, and commits that: the history grows, and nothing leaves"
        " it. Without a commit, overwrites what is not committed.",
        ("comfydock rollback v1", "comfydock rollback"),
        _ABOUT,
        (
            word("ref", "the commit", optional=True, completer="refs"),
            STASH,
            DISCARD,
            WHILE_RUNNING,
        ),
        ENVIRONMENT,
        WRITE,
    ),
    Command(
        ("merge",),
        "comfydock_cli.env_commands.merging:merge",
        "Merge another branch",
        "Unites what both sides changed: node packs, packages, ComfyUI, settings, and workflows by node and value."
        " Where both changed the same thing it asks; `--take NAME=mine` or `theirs` answers one question, and"
        " `--auto-resolve` all. The result is resolved first, and is a commit with two parents.",
        ("comfydock merge faces --preview", "comfydock merge faces --auto-resolve theirs"),
        _ABOUT,
        (
            word("branch", "the branch or commit to merge", optional=True, completer="refs"),
            value("--message", "-m", metavar="MESSAGE", help="the message of the commit"),
            TAKE,
            AUTO_RESOLVE,
            flag("--preview", help="show what it would ask and change, and do nothing"),
            flag("--abort", help="take back a merge that git began in `.cec`"),
            STASH,
            DISCARD,
            WHILE_RUNNING,
        ),
        ENVIRONMENT,
        WRITE,
    ),
    Command(
        ("revert",),
        "comfydock_cli.env_commands.merging:revert",
        "Undo what one commit changed, by a new commit",
        "What later commits changed stays. Where they changed the same thing it asks, as `merge` does.",
        ("comfydock revert HEAD", "comfydock revert v2 --preview"),
        _ABOUT,
        (
            word("ref", "the commit", completer="refs"),
            value("--message", "-m", metavar="MESSAGE", help="the message of the commit"),
            TAKE,
            AUTO_RESOLVE,
            flag("--preview", help="show what it would ask and change, and do nothing"),
            STASH,
            DISCARD,
            WHILE_RUNNING,
        ),
        ENVIRONMENT,
        WRITE,
    ),
    Command(
        ("branch",),
        "comfydock_cli.env_commands.moving:branch",
        "List, make, rename or delete branches",
        "Without a name, lists the branches. With one, makes a branch; the environment stays on the one that it is on.",
        ("comfydock branch", "comfydock branch faces v1", "comfydock branch -m faces portraits"),
        _ABOUT,
        (
            word("name", "the branch", optional=True, completer="branches"),
            word(
                "ref",
                "the commit to start at, the last one by default; with `-m` the new name",
                optional=True,
                completer="refs",
            ),
            flag("--delete", "-d", help="delete the branch"),
            flag("--move", "-m", help="rename the branch"),
            flag("--force", "-f", help="delete it even if nothing else leads to its commits"),
        ),
        ENVIRONMENT,
        WRITE,
        shows=True,
    ),
    Command(
        ("tag",),
        "comfydock_cli.env_commands.moving:tag",
        "List, make or delete tags",
        "A tag is a name for a commit that stays where it is. Without a name, lists the tags.",
        ("comfydock tag", "comfydock tag works-well", 'comfydock tag shipped v1 -m "what the client got"'),
        _ABOUT,
        (
            word("name", "the tag", optional=True, completer="tags"),
            word("ref", "the commit; the last one by default", optional=True, completer="refs"),
            value("--message", "-m", metavar="MESSAGE", help="what the tag is about"),
            flag("--delete", "-d", help="delete the tag"),
        ),
        ENVIRONMENT,
        WRITE,
        shows=True,
    ),
    Command(
        ("stash",),
        "comfydock_cli.env_commands.stashing:push",
        "Put uncommitted work aside",
        "Keeps everything that is not committed as a stash, and makes the environment what the last commit says."
        " Changed code of node packs and of ComfyUI is not kept, and refused if it is in the way.",
        ("comfydock stash", 'comfydock stash -m "half of the portrait flow"'),
        _ABOUT,
        (value("--message", "-m", metavar="MESSAGE", help="what the work is about"), WHILE_RUNNING),
        ENVIRONMENT,
        WRITE,
    ),
    Command(
        ("stash", "list"),
        "comfydock_cli.env_commands.stashing:list_stashes",
        "List what was put aside",
        "The number of each stash, when it was made, the commit that it began at, and what it is about.",
        ("comfydock stash list",),
        _ABOUT,
        (),
        ENVIRONMENT,
    ),
    Command(
        ("stash", "show"),
        "comfydock_cli.env_commands.stashing:show",
        "Show what a stash changes",
        "Compared with the commit that it began at.",
        ("comfydock stash show", "comfydock stash show 1"),
        _ABOUT,
        (_NUMBER,),
        ENVIRONMENT,
    ),
    Command(
        ("stash", "pop"),
        "comfydock_cli.env_commands.stashing:pop",
        "Bring back what was put aside",
        "Makes the changes of a stash to the environment as it is, uncommitted, and drops the stash. What was committed"
        " since is united with them; where both changed the same thing it asks, as `merge` does.",
        ("comfydock stash pop", "comfydock stash pop 1"),
        _ABOUT,
        (_NUMBER, TAKE, AUTO_RESOLVE, WHILE_RUNNING),
        ENVIRONMENT,
        WRITE,
    ),
    Command(
        ("stash", "drop"),
        "comfydock_cli.env_commands.stashing:drop",
        "Delete a stash",
        "`undo` brings it back.",
        ("comfydock stash drop", "comfydock stash drop 1"),
        _ABOUT,
        (_NUMBER,),
        ENVIRONMENT,
        WRITE,
    ),
    Command(("bisect",), "", "Find the change that made an environment bad", about=_ABOUT),
    Command(
        ("bisect", "run"),
        "comfydock_cli.env_commands.bisecting:run",
        "Find the commit, pack or package that broke it",
        "Tries commits in an environment of its own, halving what is left each time, then the parts of the guilty one."
        " What is tried is whether ComfyUI imports every node pack, with `--probe workflow NAME` whether a workflow"
        " would be accepted, or a command given after `--`: exit code 0 is good, 125 cannot tell, others are bad. It"
        " runs in ComfyUI's directory, with that environment's Python first on the path. With `--json` each trial is"
        " printed as it ends, an object on a line.",
        (
            "comfydock bisect run",
            "comfydock bisect run --good v1 --probe workflow portrait",
            "comfydock bisect run -- python -c 'import torch'",
        ),
        _ABOUT,
        (
            value("--good", metavar="REF", help="a commit that is good; the first one by default", completer="refs"),
            value("--bad", metavar="REF", default="HEAD", help="a commit that is bad", completer="refs"),
            value("--probe", metavar="WHAT", choices=("imports", "workflow"), help="what is tried"),
            word("words", "the workflow, or after `--` a command", optional=True, many=True),
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
