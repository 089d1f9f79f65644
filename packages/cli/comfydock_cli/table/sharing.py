"""Commands that bring environments to other people and machines, and from them."""

from comfydock_cli.table.spec import (
    AUTO_RESOLVE,
    DISCARD,
    ENVIRONMENT,
    STASH,
    TAKE,
    WHILE_RUNNING,
    WORD,
    WRITE,
    Arg,
    Command,
    flag,
    value,
    word,
)

_ABOUT = "sharing"
_NAMED = Arg("named", WORD, (), "REMOTE", "the remote; that of the branch by default", completer="remotes")
_REMOTE = value("--remote", "-r", metavar="REMOTE", help="the same as the word REMOTE", completer="remotes")

COMMANDS: tuple[Command, ...] = (
    Command(
        ("pull",),
        "comfydock_cli.env_commands.pulling:pull",
        "Get what others committed, and merge it",
        "Fetches from a remote and merges the branch there that belongs to this one, as `merge` does: node packs,"
        " packages, ComfyUI, settings, and workflows by node and value. All of it is one operation, which `undo` takes"
        " back. Missing models of the workflows that came are fetched then; one that cannot be had makes the exit code"
        " 3. `--preview` and `--dry-run` fetch the history, and change nothing else.",
        ("comfydock pull", "comfydock pull --preview", "comfydock pull --auto-resolve theirs --models skip"),
        _ABOUT,
        (
            _NAMED,
            _REMOTE,
            value("--branch", "-b", metavar="BRANCH", help="the branch there; that of this branch by default"),
            value("--message", "-m", metavar="MESSAGE", help="the message of the commit, if there is one"),
            TAKE,
            AUTO_RESOLVE,
            flag("--preview", help="show what it would ask and change, and do nothing"),
            value(
                "--models",
                metavar="WHICH",
                default="all",
                choices=("all", "required", "skip"),
                help="fetch `all` models that are missing then, the `required` ones, or `skip` them",
            ),
            STASH,
            DISCARD,
            WHILE_RUNNING,
        ),
        ENVIRONMENT,
        WRITE,
    ),
    Command(
        ("push",),
        "comfydock_cli.env_commands.remotes:push",
        "Bring what is committed to a remote",
        "Pushes the branch that the environment is on, to the branch of the same name. Work that is not committed is"
        " refused. A branch that follows none follows the one there from then on. What the commits that are pushed say"
        " nobody can rebuild elsewhere is listed. `--force-with-lease` replaces what is there, if it is what was last"
        " fetched; `--force` fetches first. `undo` does not concern what was pushed.",
        ("comfydock push", "comfydock push origin --dry-run", "comfydock push --all"),
        _ABOUT,
        (
            _NAMED,
            _REMOTE,
            flag("--all", help="push all branches and tags"),
            flag("--tags", help="push all tags as well"),
            flag("--force-with-lease", help="replace what is there, if it is what was last fetched"),
            flag("--force", "-f", help="fetch, then replace what is there"),
            flag("--set-upstream", "-u", help="let the branch follow the one there, even if it follows another"),
        ),
        ENVIRONMENT,
        WRITE,
    ),
    Command(
        ("fetch",),
        "comfydock_cli.env_commands.remotes:fetch",
        "Learn what a remote has",
        "Fetches the branches of a remote, as `REMOTE/BRANCH`, with the tags that lead to them, and says what is new."
        " The environment, its branches and tags that are here stay as they are; `undo` does not concern it. A history"
        " that was cut off when it was cloned is completed.",
        ("comfydock fetch", "comfydock fetch --all --prune"),
        _ABOUT,
        (
            _NAMED,
            _REMOTE,
            flag("--all", help="fetch from every remote"),
            flag("--prune", help="forget branches that are gone there, and remotes that are gone here"),
        ),
        ENVIRONMENT,
        WRITE,
    ),
    Command(("remote",), "", "See and change where the history is shared", about=_ABOUT),
    Command(
        ("remote", "list"),
        "comfydock_cli.env_commands.remotes:list_remotes",
        "List the remotes",
        "The names of the other repositories of the environment's history, with their addresses.",
        ("comfydock remote list",),
        _ABOUT,
        (),
        ENVIRONMENT,
    ),
    Command(
        ("remote", "add"),
        "comfydock_cli.env_commands.remotes:add",
        "Add a remote",
        "Gives the address of a git repository a name; any host will do, and so will a bare repository in a directory."
        " A login in the address is not kept: git asks its credential helper or ssh. Nothing is fetched yet.",
        ("comfydock remote add backup https://github.com/me/my-environment",),
        _ABOUT,
        (word("name", "what to call it, such as `origin`"), word("url", "its address, or the path of a repository")),
        ENVIRONMENT,
        WRITE,
    ),
    Command(
        ("remote", "remove"),
        "comfydock_cli.env_commands.remotes:remove",
        "Remove a remote",
        "Branches that followed it follow none then, and what was fetched of its branches is forgotten. `undo` brings"
        " the remote back, `fetch` its branches.",
        ("comfydock remote remove origin",),
        _ABOUT,
        (word("name", "the remote", completer="remotes"),),
        ENVIRONMENT,
        WRITE,
    ),
    Command(
        ("remote", "rename"),
        "comfydock_cli.env_commands.remotes:rename",
        "Give a remote another name",
        "What was fetched of its branches goes along, and branches that follow it still do. `undo` gives it the old"
        " name again, and `fetch` gets its branches.",
        ("comfydock remote rename origin upstream",),
        _ABOUT,
        (word("old", "the remote", completer="remotes"), word("new", "its name from then on")),
        ENVIRONMENT,
        WRITE,
    ),
)
