"""The long form of `list`: what each environment's manifest says."""

from comfydock_cli.cli_utils import Result
from comfydock_cli.formatters.columns import aligned
from comfydock_cli.ui.progress import amount
from comfydock_core.core.environment import Environment
from comfydock_core.core.workspace import Workspace
from comfydock_core.models.exceptions import ComfyDockError
from comfydock_core.utils.text import counted

_STATE = 5
_HEAD = ("", "name", "comfyui", "python", "packs", "state", "size")


def long_list(workspace: Workspace, names: list[str], active: str | None, *, sizes: bool = False) -> Result:
    """A row an environment. A manifest that cannot be read is said so in its row and fails the command (exit 8).

    With `sizes` everything in it is counted, which takes its time: what removing it would free, shared packages left
    out.
    """
    rows = [_row(workspace, name, sizes) for name in names]
    columns = len(_HEAD) if sizes else len(_HEAD) - 1
    cells = [_HEAD[:columns], *(_cells(row, active)[:columns] for row in rows)]
    damaged = any(row["error"] for row in rows)
    text = aligned(cells, breaks=_STATE) if rows else ""
    return Result({"active": active, "environments": rows}, text, exit_code=8 if damaged else 0)


def _row(workspace: Workspace, name: str, sizes: bool) -> dict[str, object]:
    row: dict[str, object] = {"name": name, "comfyui": None, "python": None, "packs": None, "state": None,
                              "bytes": None, "error": None}  # fmt: skip
    environment = workspace.open_environment(name)
    if sizes:
        row["bytes"] = environment.own_bytes()
    try:
        table = environment.manifest()
        row["state"] = _state(environment)
    except ComfyDockError as error:
        return {**row, "error": error.message}
    tool = table.get("tool")
    settings = tool.get("comfydock") if isinstance(tool, dict) else None
    if not isinstance(settings, dict):
        return {**row, "error": "the manifest has no `[tool.comfydock]`"}
    nodes = settings.get("nodes")
    return {**row, "comfyui": settings.get("comfyui_version"), "python": settings.get("python_version"),
            "packs": len(nodes) if isinstance(nodes, dict) else 0}  # fmt: skip


def _state(environment: Environment) -> str:
    """Where the environment's definition and what is on the disk stand, in a word or two; uv is not asked."""
    status = environment.glance()
    if status.operation_in_progress:
        return "changing"
    if not status.complete:
        return "unfinished"
    state = {True: "in sync", False: "not in sync", None: "unknown"}[status.in_sync]
    if status.packs.changed_files:
        state += f", changed files in {counted(len(status.packs.changed_files), 'pack')}"
    return f"{state}, running" if status.running else state


def _cells(row: dict[str, object], active: str | None) -> tuple[str, ...]:
    mark = "*" if row["name"] == active else " "
    size = amount(row["bytes"], "bytes") if isinstance(row["bytes"], int) else "-"
    if row["error"]:
        return (mark, str(row["name"]), "-", "-", "-", f"! {row['error']}", size)
    version = str(row["comfyui"] or "-")
    is_commit = len(version) == 40 and not version.startswith("v")
    shown = version[:10] if is_commit else version
    return (mark, str(row["name"]), shown, str(row["python"] or "-"), str(row["packs"]), str(row["state"]), size)
