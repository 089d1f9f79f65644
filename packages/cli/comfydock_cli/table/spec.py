"""What a row of the command table is made of. Plain classes: rows are made at every start."""

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
    from the first foreign word on untouched. `about` is the heading it stands under in the help.
    """

    __slots__ = (
        "path", "handler", "summary", "description", "examples", "about",
        "args", "needs", "effect", "passthrough", "hidden",
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
