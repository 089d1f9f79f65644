"""Building arguments, and those that every command shares."""

from comfydock_cli.table.spec import FLAG, VALUE, WORD, Arg


def flag(*flags: str, help: str) -> Arg:
    """An option without a value, named after its first spelling."""
    return Arg(flags[0].lstrip("-").replace("-", "_"), FLAG, flags, help=help)


def value(
    *flags: str,
    metavar: str,
    help: str,
    default: str | None = None,
    choices: tuple[str, ...] = (),
    type: str = "text",
    completer: str | None = None,
    secret: bool = False,
    environment: str | None = None,
) -> Arg:
    """An option with a value, named after its first spelling."""
    name = flags[0].lstrip("-").replace("-", "_")
    return Arg(
        name, VALUE, flags, metavar, help, default, choices, type, completer, secret=secret, environment=environment
    )


def word(
    name: str,
    help: str,
    *,
    optional: bool = False,
    many: bool = False,
    choices: tuple[str, ...] = (),
    completer: str | None = None,
) -> Arg:
    """A positional argument."""
    return Arg(name, WORD, (), name.upper(), help, None, choices, completer=completer, required=not optional, many=many)


ENVIRONMENT_NAME = word("name", "name of the environment", completer="environments")

HELP = flag("--help", "-h", help="show this help")
VERSION = flag("--version", help="show the version")
ENV = value("--env", "-e", metavar="NAME", help="the environment to work on, instead of the active one",
            completer="environments")  # fmt: skip
JSON = flag("--json", help="answer with one JSON object")
QUIET = flag("--quiet", "-q", help="say nothing but results and errors")
VERBOSE = flag("--verbose", "-v", help="say more; show the traceback of an unexpected error")
COLOR = value("--color", metavar="WHEN", help="when to use colour", default="auto",
              choices=("auto", "always", "never"))  # fmt: skip
NO_PROGRESS = flag("--no-progress", help="draw no progress bars")
OFFLINE = flag("--offline", help="do not use the network; what is cached still works")
YES = flag("--yes", "-y", help="answer every question with yes")
DRY_RUN = flag("--dry-run", help="show what would be done, and do nothing")

# Accepted before and after the command words; `--dry-run` where a command changes something.
GLOBAL = (ENV, JSON, QUIET, VERBOSE, COLOR, NO_PROGRESS, OFFLINE, YES, DRY_RUN, HELP)
