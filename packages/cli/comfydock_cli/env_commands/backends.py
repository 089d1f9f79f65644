"""`backend` and `env-config torch-backend`."""

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.backend_formatter import backend_lines, finding_lines
from comfydock_cli.table.parser import Arguments
from comfydock_core.core.usecases.definition.backends import detect_backend


def list_backends(context: Context, arguments: Arguments) -> Result:
    """The back ends that are locked or chosen."""
    states = context.environment.backends()
    note = "" if states else "no PyTorch back end is locked here"
    return Result({"backends": [state.as_dict() for state in states]}, backend_lines(states), note=note)


def check(context: Context, arguments: Arguments) -> Result:
    """What is wrong with the locks; exit code 8 when something is."""
    states = context.environment.backends()
    findings = [finding.as_dict() for state in states for finding in state.findings]
    data = {"checked": [state.backend for state in states], "findings": findings}
    return Result(data, finding_lines(states), exit_code=8 if findings else 0)


def show(context: Context, arguments: Arguments) -> Result:
    """The back end that this machine uses."""
    environment = context.environment
    chosen = environment.torch_backend()
    states = {state.backend: state for state in environment.backends()}
    state = states[chosen].state if chosen in states else None
    data = {"torch_backend": chosen, "state": state}
    return Result(data, f"{chosen}\n" if chosen else "", note="" if chosen else "no back end is chosen here")


def detect(context: Context, arguments: Arguments) -> Result:
    """The back end that fits this machine."""
    found = detect_backend()
    return Result({"torch_backend": found}, f"{found}\n")
