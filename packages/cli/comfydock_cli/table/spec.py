"""What a row of the command table is made of, and the options that every command shares.

Plain classes: rows are made at every start.
"""

# Kinds of arguments.
FLAG = "flag"  # present or not
VALUE = "value"  # an option with a value
WORD = "word"  # a positional argument

# What a command needs to be opened for it.
NOTHING = "nothing"
WORKSPACE = "workspace"
ENVIRONMENT = "environment"

# What a command does.
READ = "read"
WRITE = "write"


class Arg:
    """One option or positional argument.

    `flags` are its spellings, short last; a positional has none. `type` is `text` or `int`. `completer` is the name
    of a source of dynamic words in `completion.values`. `many` takes several words. `secret` keeps it out of logs.
    """

    __slots__ = (
        "name", "kind", "flags", "metavar", "help", "default", "choices",
        "type", "completer", "required", "many", "secret", "environment",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        kind: str,
        flags: tuple[str, ...] = (),
        metavar: str = "",
        help: str = "",
        default: str | None = None,
        choices: tuple[str, ...] = (),
        type: str = "text",
        completer: str | None = None,
        required: bool = False,
        many: bool = False,
        secret: bool = False,
        environment: str | None = None,
    ) -> None:
        self.name = name
        self.kind = kind
        self.flags = flags
        self.metavar = metavar
        self.help = help
        self.default = default
        self.choices = choices
        self.type = type
        self.completer = completer
        self.required = required
        self.many = many
        self.secret = secret
        self.environment = environment


class Command:
    """One row: everything the outside of a command is.

    `handler` is text, `module:function`, so that a row can be read without loading it. `passthrough` leaves everything
    from the first foreign word on untouched. `about` is the heading it stands under in the help. `shows` says that a
    command that changes something changes nothing, and keeps no log, when none of its values is given.
    """

    __slots__ = (
        "path", "handler", "summary", "description", "examples", "about",
        "args", "needs", "effect", "passthrough", "hidden", "shows",
    )  # fmt: skip

    def __init__(
        self,
        path: tuple[str, ...],
        handler: str,
        summary: str,
        description: str = "",
        examples: tuple[str, ...] = (),
        about: str = "",
        args: tuple[Arg, ...] = (),
        needs: str = NOTHING,
        effect: str = READ,
        passthrough: str = "",
        hidden: bool = False,
        shows: bool = False,
    ) -> None:
        self.path = path
        self.handler = handler
        self.summary = summary
        self.description = description
        self.examples = examples
        self.about = about
        self.args = args
        self.needs = needs
        self.effect = effect
        self.passthrough = passthrough
        self.hidden = hidden
        self.shows = shows


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

# Options that several commands share.
FORCE = flag("--force", help="go ahead where ComfyDock would refuse")
NO_TEST = flag("--no-test", help="do not check first whether the Python packages fit together")
STRICT = flag("--strict", help="refuse a change of packages that are already locked")
KEEP_GOING = flag("--keep-going", help="carry on without the parts that fail; the exit code reports it")
WHILE_RUNNING = flag("--while-running", help="go ahead while its ComfyUI is running")

OFFLINE_FROM = value("--offline-from", metavar="DIR", completer="directories",
                     help="take what this mirror has, then use no network; `mirror export` makes one")  # fmt: skip

STASH = flag("--stash", help="put uncommitted work aside first; `stash pop` brings it back")
DISCARD = flag("--discard", help="overwrite uncommitted work; `undo` still brings it back")
TAKE = value("--take", metavar="NAME=SIDE[,NAME=SIDE]", help="answer questions by their names: mine or theirs")
AUTO_RESOLVE = value("--auto-resolve", metavar="SIDE", choices=("mine", "theirs"), help="answer all other questions")

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
DRY_RUN = flag("--dry-run", help="show what would be done, without doing it")
WAIT = value(
    "--wait", metavar="SECONDS", type="int", help="wait up to SECONDS for another command to finish its change"
)
NO_SETTLE = flag("--no-settle", help="refuse to run when an earlier change was interrupted")

# Accepted before and after the command words; those of changes where a command changes something.
OF_CHANGES = (DRY_RUN, WAIT, NO_SETTLE)
GLOBAL = (ENV, JSON, QUIET, VERBOSE, COLOR, NO_PROGRESS, OFFLINE, YES, *OF_CHANGES, HELP)
