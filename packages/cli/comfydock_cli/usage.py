"""The one error of the command line itself. It has no module of the library behind it: usage is told at full speed."""


class UsageError(Exception):
    """The words are not a command line of this program."""

    code = "usage"
    exit_code = 2

    def __init__(self, message: str, *, hint: str | None = None, context: dict[str, object] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.context: dict[str, object] = context or {}
