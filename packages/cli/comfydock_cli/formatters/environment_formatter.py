"""The long form of `list`: what each environment's manifest says."""

from comfydock_cli.cli_utils import Result
from comfydock_core.core.workspace import Workspace
from comfydock_core.models.exceptions import ComfyDockError

_HEAD = ("", "name", "comfyui", "python", "packs")


def long_list(workspace: Workspace, names: list[str], active: str | None) -> Result:
    """A row an environment. A manifest that cannot be read is said so in its row and fails the command (exit 8)."""
    rows = [_row(workspace, name) for name in names]
    cells = [_HEAD, *(_cells(row, active) for row in rows)]
    widths = [max(len(row[at]) for row in cells) for at in range(len(_HEAD))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    damaged = any(row["error"] for row in rows)
    text = "".join(f"{line}\n" for line in lines) if rows else ""
    return Result({"active": active, "environments": rows}, text, exit_code=8 if damaged else 0)


def _row(workspace: Workspace, name: str) -> dict[str, object]:
    row: dict[str, object] = {"name": name, "comfyui": None, "python": None, "packs": None, "error": None}
    try:
        table = workspace.open_environment(name).manifest()
    except ComfyDockError as error:
        return {**row, "error": error.message}
    tool = table.get("tool")
    settings = tool.get("comfydock") if isinstance(tool, dict) else None
    if not isinstance(settings, dict):
        return {**row, "error": "the manifest has no `[tool.comfydock]`"}
    nodes = settings.get("nodes")
    return {**row, "comfyui": settings.get("comfyui_version"), "python": settings.get("python_version"),
            "packs": len(nodes) if isinstance(nodes, dict) else 0}  # fmt: skip


def _cells(row: dict[str, object], active: str | None) -> tuple[str, ...]:
    mark = "*" if row["name"] == active else " "
    if row["error"]:
        return (mark, str(row["name"]), f"! {row['error']}", "", "")
    version = str(row["comfyui"] or "-")
    is_commit = len(version) == 40 and not version.startswith("v")
    shown = version[:10] if is_commit else version
    return (mark, str(row["name"]), shown, str(row["python"] or "-"), str(row["packs"]))
