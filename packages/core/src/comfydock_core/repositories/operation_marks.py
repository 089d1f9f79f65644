"""What a reader has to know of the operations of a scope: whether names were swapped while it was reading.

Readers take no lock. They note a mark before and after, and read again when it is another one. On the fast path: one
directory is listed and the end of one journal read.
"""

from comfydock_core.utils import native

TYPE_CHECKING = False  # Type checkers take it for true; `typing` would cost start time.
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO, TypeVar

    T = TypeVar("T")
    # The last operation, the size of its journal, whether its names are being swapped.
    Mark = tuple[str, int, bool]

_AGAIN = 3
_TAIL_BYTES = 4096
_SHORTEST_NUMBER = 6
_IN_WORDS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")
_KINDS = ((b'{"line":"apply"', "applying"), (b'{"line":"done"', "done"), (b'{"line":"undone"', "undone"),
          (b'{"line":"plan"', "staging"), (b'{"line":"begin"', "staging"))  # fmt: skip


def read_mark(scope: str) -> "Mark | None":
    """Where the operations of a scope stand; `None` when there was none yet. Raises `OSError`."""
    operations = f"{scope}/.ops"
    last = _last_operation(operations)
    if last is None:
        return None
    size, state = _read_end(f"{operations}/{last}/journal")
    return last, size, state == "applying"


def is_being_swapped(mark: "Mark | None") -> bool:
    """Whether an operation is past its commit point and not at its end: names may be old or new now."""
    return mark is not None and mark[2]


def consistent(scope: str, read: "Callable[[], T]") -> "tuple[T, bool]":
    """What `read` returns when nothing was swapped meanwhile, and whether that was so at no attempt.

    It is called again, at most three times, when something was, whether it returned or raised. Raises what the last
    call raises, and `OSError` when the operations cannot be read.
    """
    before = read_mark(scope)
    for _ in range(_AGAIN):
        try:
            value = read()
        except Exception:  # What is read half old and half new may fail in any way.
            after = read_mark(scope)
            if before == after and not is_being_swapped(after):
                raise
        else:
            after = read_mark(scope)
            if before == after and not is_being_swapped(after):
                return value, False
        before = after
    value, after = read(), read_mark(scope)
    return value, before != after or is_being_swapped(after)


def _last_operation(operations: str) -> str | None:
    try:
        names = native.system.listdir(operations)
    except (FileNotFoundError, NotADirectoryError):
        return None
    last, highest = None, -1
    for name in names:
        number = _number(name)
        if number > highest:
            last, highest = name, number
    return last


def _number(name: str) -> int:
    """The number in an operation's name; -1 for any other name."""
    number, dash, words = name.partition("-")
    sound = len(number) >= _SHORTEST_NUMBER and number.isascii() and number.isdigit()
    return int(number) if sound and dash and words and _IN_WORDS.issuperset(words) else -1


def _read_end(journal: str) -> tuple[int, str]:
    """The size of a journal and the state that it tells."""
    try:
        with open(journal, "rb") as file:
            size = file.seek(0, 2)
            start = max(0, size - _TAIL_BYTES)
            state = _state_from(file, start)
            if state is None and start:
                state = _state_from(file, 0)
    except FileNotFoundError:  # It is only being begun, or is gone already.
        return 0, "staging"
    return size, state or "staging"


def _state_from(file: "BinaryIO", start: int) -> str | None:
    file.seek(start)
    return state_of(file.read())


def state_of(tail: bytes) -> str | None:
    """What the end of a journal tells: `staging`, `applying`, `done`, `undone`, or `None` when it is too short.

    A torn last line, or what a power cut left of one, counts nothing.
    """
    lines = tail.split(b"\n")
    for line in reversed(lines[:-1]):
        for beginning, state in _KINDS:
            if line.startswith(beginning) and line.endswith(b"}"):
                return state
    return None
