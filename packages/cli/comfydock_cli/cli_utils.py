"""What a handler gets and gives: the surroundings of one run, and the result."""

from comfydock_cli.ui.console import Console

TYPE_CHECKING = False
if TYPE_CHECKING:
    from comfydock_core.core.environment import Environment
    from comfydock_core.core.workspace import Workspace
    from comfydock_core.models.operation import Initiator


class Context:
    """The surroundings of one run. The library is loaded by the first question that needs it."""

    __slots__ = ("_workspace", "console", "dry_run", "json", "offline", "options", "words")

    def __init__(self, options: dict[str, str | bool], console: Console, words: "list[str] | None" = None) -> None:
        self.words = words or []
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

    def initiator(self, *, while_running: bool = False) -> "Initiator":
        """This run as the one that asks for a change."""
        from comfydock_cli._version import VERSION
        from comfydock_core.models.addresses import without_credentials
        from comfydock_core.models.operation import Initiator

        return Initiator(
            words=tuple(without_credentials(word) for word in self.words),
            program=VERSION,
            wait=float(self.options["wait"] or 0),
            settle=not self.options["no_settle"],
            while_running=while_running,
        )


class Result:
    """What a handler returns: `data` for `--json`, made of what JSON knows, and `text` with its newline otherwise."""

    __slots__ = ("again", "data", "exit_code", "note", "text", "verbatim")

    def __init__(
        self,
        data: object = None,
        text: str = "",
        exit_code: int = 0,
        note: str = "",
        again: list[str] | None = None,
        verbatim: bool = False,
    ) -> None:
        """`note` is said after the text, to the person at the terminal: how to go on.

        `again` is a command line that is run next, instead of this result being shown; the text is said as a note.
        A `verbatim` text is shown as it is: scripts, logs, and what is laid out already.
        """
        self.again = again
        self.data = data
        self.text = text
        self.verbatim = verbatim
        self.exit_code = exit_code
        self.note = note
