"""Commands about downloads that are not finished."""

from comfydock_cli.table.spec import WORKSPACE, WRITE, Command, value, word

_ABOUT = "models"
_DOWNLOAD = "identifier of a download, or the name of its file"

CONNECTIONS = value(
    "--connections", metavar="N", type="int", help="connections for one file at once, 1 to 16 [default: 4]"
)
LIMIT_RATE = value("--limit-rate", metavar="RATE", help="bytes a second at most, such as `500k` or `5M`")

COMMANDS = (
    Command(("download",), "", "List, pause, resume and cancel downloads", about=_ABOUT),
    Command(
        ("download", "list"),
        "comfydock_cli.global_commands.downloads:list_downloads",
        "List the downloads that are not finished",
        "One that is `absent` lies on a disk that is not there.",
        ("comfydock download list",),
        _ABOUT,
        (),
        WORKSPACE,
    ),
    Command(
        ("download", "pause"),
        "comfydock_cli.global_commands.downloads:pause",
        "Pause downloads of other commands",
        "Stops the commands that are at work on them; without a name all of them. What came is kept.",
        ("comfydock download pause",),
        _ABOUT,
        (word("download", _DOWNLOAD, optional=True, many=True, completer="downloads"),),
        WORKSPACE,
        WRITE,
    ),
    Command(
        ("download", "resume"),
        "comfydock_cli.global_commands.downloads:resume",
        "Resume downloads",
        "Goes on where they were stopped, or with all that are paused; also after a crash. A file that changed on the"
        " server is fetched from scratch.",
        ("comfydock download resume", "comfydock download resume --limit-rate 5M"),
        _ABOUT,
        (
            word("download", _DOWNLOAD, optional=True, many=True, completer="downloads"),
            CONNECTIONS,
            LIMIT_RATE,
        ),
        WORKSPACE,
        WRITE,
    ),
    Command(
        ("download", "cancel"),
        "comfydock_cli.global_commands.downloads:cancel",
        "Give up downloads",
        "Removes what came of them. Finished files stay.",
        ("comfydock download cancel detail-tweaker-xl.safetensors",),
        _ABOUT,
        (word("download", _DOWNLOAD, many=True, completer="downloads"),),
        WORKSPACE,
        WRITE,
    ),
)
