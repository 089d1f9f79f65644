"""What the readers of the several formats hand to what tells kinds apart."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from comfydock_core.models.model_files.header import UNKNOWN

LONGEST_DETAIL = 200
_SHORT = 60


class Tensor(NamedTuple):
    """One tensor: its data type by our names, its shape as PyTorch gives it, and its number of elements."""

    dtype: str
    shape: tuple[int, ...]
    elements: int


class Damaged(ValueError):
    """The header cannot be read; the message says why, for people."""


class BeyondLimits(Damaged):
    """Reading was given up, because no model is known that needs so much. The file may be whole."""


@dataclass(slots=True)
class Content:
    """What a reader found. `metadata` are strings of strangers, as they stand in the file."""

    format: str = UNKNOWN
    whole: bool | None = None
    problem: str | None = None
    tensors: Mapping[str, Tensor] | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    details: dict[str, str] = field(default_factory=dict)

    def note(self, damage: Damaged) -> None:
        """That reading ended here."""
        self.whole, self.problem = None if isinstance(damage, BeyondLimits) else False, str(damage)


def plain(text: str, longest: int = LONGEST_DETAIL) -> str:
    """Text of strangers on one line, printable and short: what a terminal would act on is left out."""
    words = "".join(letter if letter.isprintable() else " " for letter in text[: 4 * longest]).split()
    line = " ".join(words)
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def quoted(name: object) -> str:
    """A name of strangers, within a sentence."""
    return f"`{plain(str(name), _SHORT)}`"
