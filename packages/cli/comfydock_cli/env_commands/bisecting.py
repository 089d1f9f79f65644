"""`bisect run`."""

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.bisect_formatter import bisected, trial_text
from comfydock_cli.formatters.envelope import progress
from comfydock_cli.table.parser import Arguments
from comfydock_cli.table.refusals import UsageError
from comfydock_cli.ui.progress import make_reporter
from comfydock_core.factories.workspace_factory import find_workspace
from comfydock_core.models.history.bisecting import COMMAND, IMPORTS, WORKFLOW, BisectRequest, Trial


def run(context: Context, arguments: Arguments) -> Result:
    """Look for the change that made the environment bad, and report each trial as it ends."""
    workspace = find_workspace(offline=context.offline)
    name = workspace.environment(context.environment_name).name
    request = _request(arguments)
    with make_reporter(context) as reporter:

        def heard(trial: Trial) -> None:
            reporter.note(trial_text(trial))
            if context.json:
                context.console.progress(progress("bisect run", trial.as_dict()))

        return bisected(workspace.moves.bisect(name, request, heard, reporter))


def _request(arguments: Arguments) -> BisectRequest:
    words, probe = tuple(arguments.words("words")), arguments.text("probe")
    if probe == WORKFLOW and len(words) != 1:
        raise UsageError("`--probe workflow` needs one NAME", hint="`comfydock workflow list` lists the workflows")
    if probe == IMPORTS and words:
        raise UsageError("`--probe imports` takes nothing else", hint="leave the command or the option out")
    kind = probe or (COMMAND if words else IMPORTS)
    return BisectRequest(kind, words, arguments.text("good"), arguments.text("bad") or "HEAD")
