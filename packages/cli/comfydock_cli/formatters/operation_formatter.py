"""Operations in words: a line each, or one with its steps."""

import os
from datetime import datetime

from comfydock_cli.cli_utils import Result
from comfydock_cli.formatters.columns import aligned
from comfydock_cli.formatters.plan_formatter import step_data, step_text
from comfydock_cli.ui.progress import amount
from comfydock_core.models.operation import OperationRecord


def operation_list(records: list[OperationRecord]) -> Result:
    """A line an operation: number, where, when, what became of it, its words."""
    rows = [_row(record, _undone_by(records)) for record in records]
    note = "" if rows else "there is nothing to undo yet"
    return Result({"operations": [operation_data(record) for record in records]}, aligned(rows), note=note)


def _undone_by(records: list[OperationRecord]) -> dict[tuple[str, str], int]:
    """Which operation undid which."""
    return {(record.scope, record.undoes): record.number for record in records if record.undoes}


def _row(record: OperationRecord, undone_by: dict[tuple[str, str], int]) -> tuple[str, ...]:
    by = undone_by.get((record.scope, record.id))
    state = record.state if by is None else f"undone by {by}"
    return str(record.number), where(record), _local(record.started), state, _words(record)


def operation_details(record: OperationRecord, kept: int) -> Result:
    """One operation with its steps."""
    lines = [
        f"operation {record.number} of {where(record)}: {record.state}",
        f"  command    {_words(record)}",
        f"  started    {_local(record.started)}",
        f"  finished   {_local(record.finished or '-')}",
        f"  directory  {record.scope}/.ops/{record.id}",
        f"  keeps      {amount(kept, 'bytes')}",
        *(f"  {step_text(step)}" for step in record.steps),
    ]
    return Result({**operation_data(record), "kept_bytes": kept}, "".join(f"{line}\n" for line in lines))


def operation_data(record: OperationRecord) -> dict[str, object]:
    """The operation for `--json`."""
    return {
        "id": record.id,
        "number": record.number,
        "scope": record.scope,
        "of": where(record),
        "state": record.state,
        "words": list(record.words),
        "started": record.started,
        "finished": record.finished,
        "program": record.program,
        "undoes": record.undoes,
        "fingerprint": record.fingerprint,
        "steps": [step_data(step) for step in record.steps],
    }


def where(record: OperationRecord) -> str:
    """`workspace`, the environment's name, or `models` for what was done to files of models."""
    parent, name = os.path.split(record.scope)
    if os.path.basename(parent) == "environments":
        return name
    return "workspace" if name == "environments" else "models"


def _words(record: OperationRecord) -> str:
    return " ".join(record.words) or "-"


def _local(moment: str) -> str:
    """A time as the machine tells it; what is none stays as it is."""
    try:
        return datetime.fromisoformat(moment).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except ValueError:
        return moment
