"""What is said about words that are no command line of this program. Loaded when that happens, not at every start."""

from comfydock_cli.table import resolve, suggest
from comfydock_cli.table.spec import OF_CHANGES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Path = tuple[str, ...]


class UsageError(Exception):
    """The words are not a command line of this program: an unknown command or option, or a value that does not fit.

    The hint names what was probably meant. `comfydock COMMAND --help` shows what a command takes.
    """

    code = "usage"
    exit_code = 2

    def __init__(self, message: str, *, hint: str | None = None, context: dict[str, object] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.context: dict[str, object] = context or {}


def refuse_beside(option: str, others: "Mapping[str, object]") -> None:
    """Raise `UsageError` for the first of the others that was given: it does not go with `option`."""
    for other in (name for name, value in others.items() if value):
        raise UsageError(f"`{option}` and `{other}` cannot be combined", hint="leave one of them out")


def unknown_command(path: Path) -> UsageError:
    """Words that name no command; the nearest one that exists is the hint."""
    near = suggest.nearest(path[-1], resolve.children(path[:-1]))
    if near is None and len(path) == 1:
        near = _nested(path[0])
    parent = _program(path[:-1])
    hint = f"did you mean `{parent} {near}`?" if near else f"`{parent} --help` lists the commands"
    return UsageError(f"unknown command `{_program(path)}`", hint=hint, context={"words": list(path)})


def _nested(word: str) -> str | None:
    """A command of that name one level down: `install` for `completion install`."""
    for _, path, _ in resolve.outline():
        if len(path) == 2 and path[1] == word:
            return " ".join(path)
    return None


def missing_command(path: Path) -> UsageError:
    """A group without a command of it, or options alone."""
    known = resolve.children(path)
    return UsageError(
        f"`{_program(path)}` needs a command: {_listed(known)}",
        hint=f"`{_program(path)} --help` says what each does",
        context={"known": known},
    )


def unknown_option(path: Path, name: str, known: "Sequence[str]") -> UsageError:
    if any(name in arg.flags for arg in OF_CHANGES):
        return nothing_to_change(path, name)
    near = suggest.nearest(name, known) if name.startswith("--") else None
    hint = f"did you mean `{near}`?" if near else _see_help(path)
    return UsageError(f"`{_program(path)}` has no option `{name}`", hint=hint)


def nothing_to_change(path: Path, name: str) -> UsageError:
    return UsageError(f"`{_program(path)}` changes nothing, so it has no `{name}`", hint=_see_help(path))


def nothing_to_change_there(path: Path, name: str, program: str) -> UsageError:
    """The same for a command that passes words through, where the option may have been meant for their reader."""
    error = nothing_to_change(path, name)
    error.hint = f"after `--` it goes to {program}: `{_program(path)} -- {name}`"
    return error


def value_of_a_flag(path: Path, name: str) -> UsageError:
    return UsageError(f"`{name}` takes no value", hint=_see_help(path))


def missing_value(path: Path, name: str, metavar: str) -> UsageError:
    return UsageError(f"`{name}` needs a value: {metavar}", hint=_see_help(path))


def wrong_value(path: Path, name: str, value: str, choices: tuple[str, ...]) -> UsageError:
    """A value that is none of the choices, or no number where there are none."""
    if not choices:
        return UsageError(f"`{name}` needs a whole number, not `{value}`", hint=_see_help(path))
    near = suggest.nearest(value, choices)
    hint = f"did you mean `{near}`?" if near else f"it takes {_listed(choices)}"
    return UsageError(f"`{name}` does not take `{value}`", hint=hint, context={"choices": list(choices)})


def missing_word(path: Path, metavar: str) -> UsageError:
    return UsageError(f"`{_program(path)}` needs {metavar}", hint=_see_help(path))


def surplus_word(path: Path, word: str) -> UsageError:
    return UsageError(f"`{_program(path)}` does not take `{word}`", hint=_see_help(path))


def _see_help(path: Path) -> str:
    return f"`{_program(path)} --help` shows what it takes"


def _listed(words: "Sequence[str]") -> str:
    return ", ".join(f"`{word}`" for word in words[:-1]) + (" or " if len(words) > 1 else "") + f"`{words[-1]}`"


def _program(path: Path) -> str:
    return " ".join(("comfydock", *path))
