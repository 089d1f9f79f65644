"""Requirements that cannot be met together: which they are, why, and what would help."""

from comfydock_core.records import record

COMFYUI = "ComfyUI"
YOU = "you"
PYTORCH = "PyTorch"


@record
class ConflictLine:
    """One requirement, and whose it is: the `pack` is an identifier, `ComfyUI`, `PyTorch` (its release), or `you`.

    `line` is 0 where only the file is known. A `constraint` limits a package that something else must require.
    """

    pack: str
    file: str
    line: int
    requirement: str
    constraint: bool = False

    @property
    def is_of_pack(self) -> bool:
        """Whether a node pack has it, which can be had in another version or left out."""
        return self.pack not in (COMFYUI, YOU, PYTORCH)

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{self.pack} → {place} → {self.requirement}"


@record
class Fix:
    """A change that was tried and makes the requirements fit. `kind` is `version`, `loosen` or `leave-out`.

    `version` is that of the `pack`; `loosened` is the line in question and `requirement` what it would have to be.
    `whole` is whether everything fits then, or only this conflict is gone and another one is left.
    """

    kind: str
    pack: str
    words: str
    command: str | None = None
    version: str | None = None
    loosened: ConflictLine | None = None
    requirement: str | None = None
    whole: bool = True


@record
class Conflict:
    """A smallest set of requirements that cannot be met together: without any one of them it can.

    `explanation` is uv's, of these alone. No `lines` at all mean that nothing can be resolved, whatever is asked for.
    """

    lines: tuple[ConflictLine, ...]
    explanation: str
    fixes: tuple[Fix, ...] = ()
