"""Commands about the program itself."""

from comfydock_cli.table.spec import NOTHING, WRITE, Command, word

_ABOUT = "program"
_SHELLS = ("bash", "zsh", "fish", "powershell")
_SHELL = word("shell", "the shell [default: the one of $SHELL]", optional=True, choices=_SHELLS)

COMMANDS = (
    Command(
        ("help",),
        "comfydock_cli.global_commands.help:show",
        "Show help about a command or a topic",
        "Topics: `changes`, `environment` (variables), `exit-codes`, `json`, `workspace`.",
        ("comfydock help create", "comfydock help environment"),
        _ABOUT,
        (word("subject", "words of a command, or a topic", optional=True, many=True, completer="help_subjects"),),
    ),
    Command(
        ("explain",),
        "comfydock_cli.global_commands.help:explain",
        "Explain an error code",
        "Without a code, lists them all with their exit codes.",
        ("comfydock explain environment-not-found",),
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
