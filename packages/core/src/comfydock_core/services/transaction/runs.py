"""Keeping ComfyUI away while its environment is changed: a process whose files are swapped under it is a mixture."""

import contextlib
import os
from collections.abc import Iterable, Iterator

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.models.exceptions import EnvironmentInUse
from comfydock_core.models.operation import Initiator
from comfydock_core.repositories import run_state
from comfydock_core.utils.files import file_locks


@contextlib.contextmanager
def runs_kept_away(environments: Iterable[str], initiator: Initiator) -> Iterator[None]:
    """While inside, no ComfyUI of these environments runs or can be started by ComfyDock.

    Raises `EnvironmentInUse` for one that runs. With `--while-running` nothing is looked at.
    """
    with contextlib.ExitStack() as held:
        for environment in () if initiator.while_running else environments:
            _keep_away(held, EnvironmentLayout(environment))
        yield


@contextlib.contextmanager
def run_kept_away(environment: str, initiator: Initiator) -> Iterator[int | None]:
    """The same for one environment, with the descriptor of the lock for a child that changes it to inherit.

    So nobody comes in between when we are killed and the child goes on. `None` with `--while-running`.
    """
    with contextlib.ExitStack() as held:
        yield None if initiator.while_running else _keep_away(held, EnvironmentLayout(environment))


def _keep_away(held: contextlib.ExitStack, layout: EnvironmentLayout) -> int:
    run_state.refuse_while_running(layout.root, layout.comfyui, layout.venv)
    descriptor = file_locks.take(run_state.lock_path(layout.root))
    if descriptor is None:  # It was started this very moment.
        raise EnvironmentInUse(
            f"ComfyUI of `{layout.name}` is being started",
            hint="stop it first, for example with `comfydock run --stop`",
            context={"environment": layout.name, "running": []},
        )
    held.callback(os.close, descriptor)
    return descriptor
