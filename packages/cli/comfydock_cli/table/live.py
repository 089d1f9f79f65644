"""The rows as they are written: each group of commands has its module, loaded when one of its words is asked for."""

from comfydock_cli.table.spec import Command

Path = tuple[str, ...]

# Which module holds the rows of a first word. A test holds this against the modules.
MODULE_OF = {
    **dict.fromkeys(
        (
            "create",
            "list",
            "use",
            "status",
            "run",
            "__run",
            "delete",
            "clone",
            "adopt",
            "sync",
            "repair",
            "rename",
            "manifest",
            "comfyui",
        ),
        "environments",
    ),
    **dict.fromkeys(("node", "registry"), "nodes"),
    **dict.fromkeys(("model", "download"), "models"),
    "workflow": "workflows",
    **dict.fromkeys(
        (
            "commit",
            "log",
            "show",
            "diff",
            "blame",
            "checkout",
            "switch",
            "reset",
            "rollback",
            "merge",
            "revert",
            "branch",
            "tag",
            "stash",
            "bisect",
            "undo",
            "operation",
        ),
        "history",
    ),
    **dict.fromkeys(
        ("pull", "push", "fetch", "remote", "export", "import", "bundle", "mirror"),
        "sharing",
    ),
    **dict.fromkeys(("backend", "env-config", "__merge", "py", "constraint", "outdated"), "python"),
    **dict.fromkeys(("init", "config", "logs", "doctor", "cache"), "workspace"),
    **dict.fromkeys(("help", "explain", "completion", "self", "__complete", "__check"), "program"),
}


def find(path: Path) -> Command | None:
    """The row of exactly these words."""
    for command in _group(path[0]) if path else ():
        if command.path == path:
            return command
    return None


def paths(first: str | None) -> list[Path]:
    """The words of every row under a first word; without one, all the first words."""
    if first is None:
        return [(word,) for word in MODULE_OF]
    return [command.path for command in _group(first)]


def all_commands() -> list[Command]:
    """Every row, in the table's order."""
    return [command for module in dict.fromkeys(MODULE_OF.values()) for command in _rows_of(module)]


def _group(first: str) -> tuple[Command, ...]:
    module = MODULE_OF.get(first)
    return () if module is None else _rows_of(module)


def _rows_of(module: str) -> tuple[Command, ...]:
    # Named one by one, so that freezers and type checkers see them.
    if module == "environments":
        from comfydock_cli.table import environments

        return environments.COMMANDS
    if module == "nodes":
        from comfydock_cli.table import nodes

        return nodes.COMMANDS
    if module == "models":
        from comfydock_cli.table import models

        return models.COMMANDS
    if module == "workflows":
        from comfydock_cli.table import workflows

        return workflows.COMMANDS
    if module == "history":
        from comfydock_cli.table import history

        return history.COMMANDS
    if module == "sharing":
        from comfydock_cli.table import sharing

        return sharing.COMMANDS
    if module == "python":
        from comfydock_cli.table import python

        return python.COMMANDS
    if module == "workspace":
        from comfydock_cli.table import workspace

        return workspace.COMMANDS
    from comfydock_cli.table import program

    return program.COMMANDS
