"""What a handler gets and gives: the surroundings of one run, and the result."""

from comfydock_cli.ui.console import Console

TYPE_CHECKING = False
if TYPE_CHECKING:
    from comfydock_core.core.environment import Environment
    from comfydock_core.core.workspace import Workspace


class Context:
    """The surroundings of one run. The library is loaded by the first question that needs it."""

    __slots__ = ("_workspace", "console", "dry_run", "json", "offline", "options")

    def __init__(self, options: dict[str, str | bool], console: Console) -> None:
        self.options = options
        self.console = console
        self.json = bool(options["json"])
        self.dry_run = bool(options["dry_run"])
        self.offline = bool(options["offline"])
        self._workspace: Workspace | None = None

    @property
    def environment_name(self) -> str | None:
        """What `-e` named, if anything."""
        name = self.options["env"]
        return name if isinstance(name, str) else None

    @property
    def workspace(self) -> "Workspace":
        """The workspace of this run. Raises `WorkspaceNotFound`."""
        if self._workspace is None:
            from comfydock_core.core.workspace import Workspace

            self._workspace = Workspace.find()
        return self._workspace

    @property
    def environment(self) -> "Environment":
        """The environment that `-e` names, else the active one. Raises `EnvironmentNotFound`, `NoActiveEnvironment`."""
        return self.workspace.open_environment(self.environment_name)


class Result:
    """What a handler returns: `data` for `--json`, made of what JSON knows, and `text` with its newline otherwise."""

    __slots__ = ("data", "exit_code", "note", "text")

    def __init__(self, data: object = None, text: str = "", exit_code: int = 0, note: str = "") -> None:
        """`note` is said after the text, to the person at the terminal: how to go on."""
        self.data = data
        self.text = text
        self.exit_code = exit_code
        self.note = note
