"""`comfydock __complete SHELL WORDS...`: the words that fit at the end of a command line.

Static words come from the table, dynamic ones from `completion.values`. One candidate a line, for shells that show
explanations with a tab and the explanation behind it; the single line `:files` means that a path belongs there.
A broken workspace must not disturb the person typing: then there are simply no candidates.
"""

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.completion.values import FILES, dynamic_words
from comfydock_cli.table import resolve
from comfydock_cli.table.parser import Arguments
from comfydock_cli.table.spec import ENV, FLAG, GLOBAL, HELP, OF_CHANGES, VALUE, VERSION, WORD, WRITE, Arg, Command

Candidates = list[tuple[str, str]]

_EXPLAINING_SHELLS = ("zsh", "fish", "powershell")


def answer(context: Context, arguments: Arguments) -> Result:
    """Print the candidates. The first word is the shell, the last one the (perhaps empty) word being typed."""
    shell, *words = arguments.rest or ["bash"]
    joined, typed = _join_equals(words or [""])
    found = candidates(joined)
    if found == [FILES]:
        return Result(None, f"{FILES[0]}\n")
    drop = len(joined[-1]) - len(typed)
    lines = []
    for word, explained in found:
        shown = word[drop:] if word.startswith(joined[-1][:drop]) else word
        lines.append(f"{shown}\t{explained}" if explained and shell in _EXPLAINING_SHELLS else shown)
    return Result(None, "".join(f"{line}\n" for line in lines))


def candidates(words: list[str]) -> Candidates:
    """What the last of `words` can become, with a short explanation each."""
    *before, current = words
    place = _Place()
    for word in before:
        place.read(word)
    return [found for found in place.offers(current) if found == FILES or found[0].startswith(current)]


class _Place:
    """Where on the command line the cursor stands, after the words before it."""

    def __init__(self) -> None:
        self.path: tuple[str, ...] = ()
        self.command: Command | None = None
        self.pending: Arg | None = None
        self.words = 0
        self.tail = False
        self.environment: str | None = None

    def read(self, word: str) -> None:
        if self.pending is not None:
            self.environment = word if self.pending is ENV else self.environment
            self.pending = None
        elif self.tail:
            self.words += 1
        elif word == "--":
            self.tail = True
        elif word.startswith("-") and word != "-":
            arg = next((arg for arg in self._options() if word in arg.flags), None)
            self.pending = arg if arg is not None and arg.kind == VALUE else None
            self.tail = arg is None and self._passes_through()
        else:
            self._read_word(word)

    def _read_word(self, word: str) -> None:
        is_whole = self.command is not None and bool(self.command.handler)
        row = None if self.words or self._passes_through() else resolve.find((*self.path, word))
        if row is not None:
            self.path, self.command = row.path, row
        elif is_whole:
            self.words += 1
            self.tail = self._passes_through()
        else:
            self.tail = True  # No such command: nothing fits behind it.

    def offers(self, current: str) -> Candidates:
        if self.pending is not None:
            return self._values(self.pending)
        if self.tail and self._passes_through():
            return [FILES]
        if not self.tail and current.startswith("--") and "=" in current:
            return self._attached(current)
        if not self.tail and current.startswith("-"):
            return [(flag, arg.help) for arg in self._options() for flag in arg.flags if flag.startswith("--")]
        below = [] if self.tail or self.words else [(word, self._summary(word)) for word in resolve.children(self.path)]
        if self.command is None or not self.command.handler:
            return below
        return [*below, *self._words()]

    def _summary(self, word: str) -> str:
        row = resolve.find((*self.path, word))
        return row.summary if row is not None else ""

    def _attached(self, current: str) -> Candidates:
        flag = current.partition("=")[0]
        for arg in self._options():
            if flag in arg.flags and arg.kind == VALUE:
                return [(f"{flag}={word}", explained) for word, explained in self._values(arg) if word != FILES[0]]
        return []

    def _words(self) -> Candidates:
        assert self.command is not None
        expected = [arg for arg in self.command.args if arg.kind == WORD]
        if self.words < len(expected):
            return self._values(expected[self.words])
        return self._values(expected[-1]) if expected and expected[-1].many else []

    def _passes_through(self) -> bool:
        return self.command is not None and bool(self.command.passthrough)

    def _options(self) -> list[Arg]:
        if self.command is None:
            return [*GLOBAL, VERSION]
        if self.command.passthrough:
            return [*self.command.args, ENV, HELP]
        changes = self.command.effect == WRITE or not self.command.handler
        return [*self.command.args, *(arg for arg in GLOBAL if changes or arg not in OF_CHANGES)]

    def _values(self, arg: Arg) -> Candidates:
        if arg.kind == FLAG:
            return []
        if arg.choices:
            return [(choice, "") for choice in arg.choices]
        return dynamic_words(arg.completer, self.environment) if arg.completer else []


def _join_equals(words: list[str]) -> tuple[list[str], str]:
    """Bash hands over `--option=value` in three words and replaces the last only: join them, and say what it typed."""
    joined: list[str] = []
    typed = words[-1]
    for at, word in enumerate(words):
        after_equals = at >= 1 and words[at - 1] == "=" and at >= 2 and words[at - 2].startswith("--")
        if word == "=" and joined and joined[-1].startswith("--") and "=" not in joined[-1]:
            joined[-1] += "="
            typed = "" if at == len(words) - 1 else typed
        elif after_equals:
            joined[-1] += word
        else:
            joined.append(word)
    return joined, typed
