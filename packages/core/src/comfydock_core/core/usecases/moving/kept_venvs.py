"""Virtual environments that operations took away and keep: the one of a lock that an environment goes back to."""

import os
from collections.abc import Iterator

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.models.exceptions import OperationDamaged
from comfydock_core.models.operation import Swap
from comfydock_core.repositories import operation_log
from comfydock_core.repositories.operation_log import OPS, Journal

_VENV = ".venv"


def kept_venvs(layout: EnvironmentLayout) -> Iterator[str]:
    """Their names in the environment, the last one that was taken away first. Raises `OSError`."""
    for identifier in reversed(operation_log.operation_ids(layout.root)):
        try:
            record = Journal(layout.root, identifier).read()
        except OperationDamaged:
            continue  # What it keeps is of no use here; the next change says what is wrong with it.
        for number, step in enumerate(record.steps):
            name = f"{OPS}/{identifier}/old/{number}"
            if isinstance(step, Swap) and step.path == _VENV and os.path.isdir(f"{layout.root}/{name}"):
                yield name
