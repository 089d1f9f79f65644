"""Reading a command line by the table: one pass from left to right, known options only.

An environment named like a command, or an option's value that is, cannot change what a word means. What does not fit
is refused by `refusals`, loaded then. The standard `argparse` would read the same, at more than the price of a bare
interpreter.
"""

from comfydock_cli.table import resolve
from comfydock_cli.table.spec import ENV, FLAG, GLOBAL, HELP, OF_CHANGES, VERSION, WORD, WRITE, Arg, Command

Path = tuple[str, ...]
Value = str | bool | list[str] | None
Values = dict[str, Value]


class Arguments:
    """The values of one command line. A typed question for each kind; asking for an unknown name is a bug."""

    __slots__ = ("_values", "rest", "separated")

    def __init__(self, values: Values, rest: list[str], separated: bool = False) -> None:
        """`rest` is what is passed through, `separated` whether it stood after a `--`."""
        self._values = values
        self.rest = rest
        self.separated = separated

    def flag(self, name: str) -> bool:
        return bool(self._values[name])

    def text(self, name: str) -> str | None:
        """The value of an option or of an optional word; `None` when it was not given and has no default."""
        value = self._values[name]
        return value if isinstance(value, str) else None

    def word(self, name: str) -> str:
        """A required word, or an option that has a default."""
        value = self._values[name]
        assert isinstance(value, str)
        return value

    def words(self, name: str) -> list[str]:
        """What a word that may come several times was given."""
        value = self._values[name]
        return value if isinstance(value, list) else []

    def number(self, name: str) -> int:
        return int(self.word(name))

    def items(self) -> list[tuple[str, Value]]:
        return list(self._values.items())


class Invocation:
    """A command line, read: the row, the command's own arguments, and the global options."""

    __slots__ = ("arguments", "command", "help", "options", "path", "version", "words")

    def __init__(self, words: list[str]) -> None:
        self.words = words
        self.path: Path = ()
        self.command: Command | None = None
        self.arguments = Arguments({}, [])
        self.options: dict[str, str | bool] = {arg.name: arg.default or False for arg in GLOBAL}
        self.help = False
        self.version = False


def parse(words: list[str]) -> Invocation:
    """Read the words after the program's name. Raises `UsageError`."""
    return _Reader(words).read()


class _Reader:
    """One pass over the words."""

    def __init__(self, words: list[str]) -> None:
        self.words = words
        self.at = 0
        self.found = Invocation(words)
        self.values: Values = {}
        self.given: list[str] = []
        self.own = False  # Whether one of the command's own options was given.
        self.rest: list[str] = []
        self.separated = False

    def read(self) -> Invocation:
        while self.at < len(self.words):
            word = self.words[self.at]
            self.at += 1
            if word == "--":
                self._read_tail()
            elif word.startswith("-") and word != "-":
                self._read_option(word)
            elif not self._extend_path(word):
                self._read_word(word)
        self.found.help = bool(self.found.options.pop("help"))
        if not (self.found.help or self.found.version):
            self._finish()
        return self.found

    # Words

    def _extend_path(self, word: str) -> bool:
        """Take the word as the next one of the command's name, where one may follow."""
        command = self.found.command
        is_whole = command is not None and bool(command.handler)
        if is_whole and (self.given or self.own or command.passthrough):  # type: ignore[union-attr]
            return False
        path = (*self.found.path, word)
        row = resolve.find(path)
        if row is None and is_whole:  # Few commands have others below them, such as `stash`.
            return False
        if row is None:
            from comfydock_cli.table import refusals

            raise refusals.unknown_command(path)
        self.found.path, self.found.command, self.values = path, row, {}
        for arg in row.args:
            self.values[arg.name] = False if arg.kind == FLAG else arg.default
        return True

    def _read_word(self, word: str) -> None:
        command = self._command()
        if command.passthrough:
            self.rest = self.words[self.at - 1 :]
            self.at = len(self.words)
        else:
            self.given.append(word)

    def _read_tail(self) -> None:
        """After `--` nothing is an option."""
        tail = self.words[self.at :]
        self.at = len(self.words)
        if self.found.command is None:
            from comfydock_cli.table import refusals

            raise refusals.missing_command(self.found.path)
        if self.found.command.passthrough:
            self.rest, self.separated = tail, True
        else:
            self.given += tail

    # Options

    def _read_option(self, word: str) -> None:
        name, equals, attached = word.partition("=")
        if not word.startswith("--"):
            name, equals, attached = self._split_short(word)
        arg = self._option(name)
        if arg is None:
            if self.found.command is not None and self.found.command.passthrough:
                self._read_word(word)
                return
            from comfydock_cli.table import refusals

            raise refusals.unknown_option(self.found.path, name, self._known_flags())
        if arg.kind == FLAG:
            if equals:
                from comfydock_cli.table import refusals

                raise refusals.value_of_a_flag(self.found.path, name)
            self._store(arg, True)
            return
        if not equals:
            attached = self._next_value(name, arg)
        self._store(arg, self._checked(arg, name, attached))

    def _split_short(self, word: str) -> tuple[str, str, str]:
        """`-n5` is `-n 5`, and `-qv` is `-q -v`: what follows a flag goes back among the words."""
        name, more = word[:2], word[2:]
        arg = self._option(name)
        if not more or arg is None:
            return (name, "", "") if arg is not None else (word, "", "")
        if arg.kind == FLAG:
            if more.startswith("="):
                return name, "=", more[1:]
            self.words = [*self.words[: self.at], "-" + more, *self.words[self.at :]]
            return name, "", ""
        return name, "=", more.removeprefix("=")

    def _option(self, name: str) -> Arg | None:
        command = self.found.command
        if command is not None:
            for arg in command.args:
                if name in arg.flags:
                    return arg
        if name in VERSION.flags and command is None:
            return VERSION
        for arg in GLOBAL:
            if name in arg.flags and self._allowed(arg, command):
                return arg
        return None

    def _allowed(self, arg: Arg, command: Command | None) -> bool:
        if command is not None and command.passthrough:
            return arg is ENV or arg is HELP or (self.own and arg not in OF_CHANGES)
        return arg not in OF_CHANGES or command is None or command.effect == WRITE

    def _next_value(self, name: str, arg: Arg) -> str:
        if self.at >= len(self.words):
            from comfydock_cli.table import refusals

            raise refusals.missing_value(self.found.path, name, arg.metavar)
        self.at += 1
        return self.words[self.at - 1]

    def _store(self, arg: Arg, value: str | bool) -> None:
        if arg is VERSION:
            self.found.version = True
        elif arg in GLOBAL:
            self.found.options[arg.name] = value
        else:
            self.values[arg.name] = value
            self.own = True

    def _checked(self, arg: Arg, name: str, value: str) -> str:
        """The value, if it is one that the argument takes."""
        if (arg.choices and value not in arg.choices) or (arg.type == "int" and not _is_number(value)):
            from comfydock_cli.table import refusals

            raise refusals.wrong_value(self.found.path, name, value, arg.choices)
        return value

    # The end

    def _finish(self) -> None:
        command = self._command()
        if command.effect != WRITE:
            self._refuse_options_of_changes(command)
        self._fill_words(command)
        self.found.arguments = Arguments(self.values, self.rest, self.separated)

    def _refuse_options_of_changes(self, command: Command) -> None:
        """They may have been given before the command's words."""
        for arg in OF_CHANGES:
            if self.found.options[arg.name]:
                from comfydock_cli.table import refusals

                raise refusals.nothing_to_change(command.path, arg.flags[0])

    def _command(self) -> Command:
        command = self.found.command
        if command is None or not command.handler:
            from comfydock_cli.table import refusals

            raise refusals.missing_command(self.found.path)
        return command

    def _fill_words(self, command: Command) -> None:
        given = list(self.given)
        for arg in command.args:
            if arg.kind != WORD:
                continue
            taken, given = (given, []) if arg.many else (given[:1], given[1:])
            if arg.required and not taken:
                from comfydock_cli.table import refusals

                raise refusals.missing_word(command.path, arg.metavar)
            checked = [self._checked(arg, arg.metavar, word) for word in taken]
            self.values[arg.name] = checked if arg.many else (checked[0] if checked else None)
        if given:
            from comfydock_cli.table import refusals

            raise refusals.surplus_word(command.path, given[0])

    def _known_flags(self) -> list[str]:
        """Every spelling that an option may have here."""
        command = self.found.command
        own = command.args if command is not None else (VERSION,)
        shared = [arg for arg in GLOBAL if self._allowed(arg, command)]
        return [flag for arg in (*own, *shared) for flag in arg.flags]


def _is_number(value: str) -> bool:
    return value.isascii() and value.isdecimal()
