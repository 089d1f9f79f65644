"""Commands about the program itself."""

from comfydock_cli.table.spec import NOTHING, WRITE, Command, flag, value, word

_ABOUT = "program"
_SHELLS = ("bash", "zsh", "fish", "powershell")
_SHELL = word("shell", "the shell [default: the one of $SHELL]", optional=True, choices=_SHELLS)

COMMANDS = (
    Command(
        ("help",),
        "comfydock_cli.global_commands.help:show",
        "Show help about a command or a topic",
        "Without a subject, lists the commands and the topics: `environments`, `nodes`, `packages`, `models`,"
        " `workflows`, `history`, `undo`, `environment` (variables), `exit-codes`, `files`, `json`.",
        ("comfydock help node add", "comfydock help environment"),
        _ABOUT,
        (word("subject", "words of a command, or a topic", optional=True, many=True, completer="help_subjects"),),
    ),
    Command(
        ("explain",),
        "comfydock_cli.global_commands.help:explain",
        "Explain an error code",
        "Says what happened, why, and what to do. Without a code, lists them all with their exit codes.",
        ("comfydock explain environment-not-found", "comfydock explain"),
        _ABOUT,
        (word("code", "the code of an error", optional=True, completer="error_codes"),),
    ),
    Command(("completion",), "", "Complete commands in the shell", about=_ABOUT),
    Command(
        ("completion", "install"),
        "comfydock_cli.global_commands.completion:install",
        "Turn on completion in the shell",
        "Writes the completion script and, where the shell does not find it on its own, a marked block into its"
        " start-up file.",
        ("comfydock completion install", "comfydock completion install zsh --dry-run"),
        _ABOUT,
        (_SHELL,),
        NOTHING,
        WRITE,
    ),
    Command(
        ("completion", "uninstall"),
        "comfydock_cli.global_commands.completion:uninstall",
        "Turn off completion in the shell",
        "Removes exactly what `completion install` wrote.",
        ("comfydock completion uninstall",),
        _ABOUT,
        (_SHELL,),
        NOTHING,
        WRITE,
    ),
    Command(
        ("completion", "status"),
        "comfydock_cli.global_commands.completion:status",
        "Show where completion is turned on",
        "",
        ("comfydock completion status",),
        _ABOUT,
    ),
    Command(
        ("completion", "show"),
        "comfydock_cli.global_commands.completion:show",
        "Print the completion script",
        "",
        ("comfydock completion show bash",),
        _ABOUT,
        (_SHELL,),
    ),
    Command(("self",), "", "Update or remove ComfyDock itself", about=_ABOUT),
    Command(
        ("self", "update"),
        "comfydock_cli.global_commands.self_updating:update",
        "Update ComfyDock itself",
        "For a ComfyDock that the installer of a release put there. A release is verified and tried before it takes the"
        " place of the version in use, which stays to go back to. A running ComfyUI is not disturbed.",
        (
            "comfydock self update",
            "comfydock self update --check",
            "comfydock self update --to 2.0.1",
            "comfydock self update --back",
        ),
        _ABOUT,
        (
            flag("--check", help="only show whether there is a newer release"),
            value("--to", metavar="VERSION", help="install this release, newer or older"),
            flag("--back", help="go back to the version that was in use before"),
        ),
        NOTHING,
        WRITE,
    ),
    Command(
        ("self", "uninstall"),
        "comfydock_cli.global_commands.self_updating:uninstall",
        "Remove ComfyDock itself",
        "Removes what the installer put there: all versions, commands, completions and manual pages. Workspaces stay.",
        ("comfydock self uninstall", "comfydock self uninstall --dry-run"),
        _ABOUT,
        (),
        NOTHING,
        WRITE,
    ),
    Command(
        ("__complete",),
        "comfydock_cli.completion.answer:answer",
        "Print the words that fit at the end of a command line",
        "",
        (),
        _ABOUT,
        (),
        NOTHING,
        passthrough="WORDS",
        hidden=True,
    ),
    Command(
        ("__check",),
        "comfydock_cli.global_commands.checking:check",
        "Load parts of the program by name",
        "",
        (),
        _ABOUT,
        (),
        NOTHING,
        passthrough="PARTS",
        hidden=True,
    ),
)
