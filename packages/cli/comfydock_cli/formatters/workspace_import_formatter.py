"""What became of the environments of another workspace, as text and as data."""

from comfydock_cli.cli_utils import Result
from comfydock_cli.ui.console import clean
from comfydock_core.models.exceptions import ComfyDockError
from comfydock_core.models.sharing import FoundWorkspace
from comfydock_core.records import record
from comfydock_core.utils.text import some

_SHOWN = 10
_PARTIAL = 3


@record
class EnvironmentImport:
    """One environment: its result, or the error that it ended with.

    `untracked` are directories of node packs that stay where they are, `unseen` is why its models are not seen.
    """

    name: str
    result: Result | None = None
    untracked: tuple[str, ...] = ()
    error: ComfyDockError | None = None
    unseen: str | None = None

    @property
    def is_whole(self) -> bool:
        """Whether everything of it could be had."""
        return self.result is not None and self.result.exit_code == 0

    def as_dict(self) -> dict[str, object]:
        """For `--json`."""
        error = self.error
        return {
            "name": self.name,
            "complete": self.is_whole,
            "import": None if self.result is None else self.result.data,
            "untracked_packs": list(self.untracked),
            "models_unseen": self.unseen,
            "error": None if error is None else {"code": error.code, "message": error.message, "hint": error.hint},
        }


def imported_workspace(found: FoundWorkspace, made: list[EnvironmentImport], *, rehearsal: bool) -> Result:
    """The lines of each environment, and the exit code 3 where one is not whole."""
    whole = all(one.is_whole for one in made)
    data = {
        "workspace": found.path,
        "models": found.models,
        "environments": [one.as_dict() for one in made],
        "unfinished": list(found.unfinished),
        "complete": whole,
    }
    text = "".join(_lines(one, rehearsal=rehearsal) for one in made)
    if not made:
        text = f"{clean(found.path)} has no finished environment\n"
    notes = [line for one in made for line in _notes(one)]
    if found.unfinished:
        notes.append(f"never finished, and left out: {clean(some(list(found.unfinished), _SHOWN))}")
    return Result(data, text, exit_code=0 if whole else _PARTIAL, note="\n".join(notes))


def _lines(one: EnvironmentImport, *, rehearsal: bool) -> str:
    if one.result is None:
        message = one.error.message if one.error is not None else "nothing is known of it"
        return f"not imported {clean(one.name)}: {clean(message)}\n"
    return f"{clean(one.name)}\n{one.result.text}" if rehearsal else one.result.text


def _notes(one: EnvironmentImport) -> list[str]:
    notes = [] if one.result is None or not one.result.note else [f"{clean(one.name)}: {one.result.note}"]
    if one.error is not None and one.error.hint:
        notes.append(f"{clean(one.name)}: {clean(one.error.hint)}")
    if one.untracked:
        names = some(list(one.untracked), _SHOWN)
        notes.append(
            f"{clean(one.name)}: node packs that no manifest has, and that stay where they are: {clean(names)}"
        )
    if one.unseen is not None:
        notes.append(f"{clean(one.name)}: it does not see the models there: {clean(one.unseen)}")
    return notes
