"""What a handler returns: the facts for `--json` and the same in words for people."""


class Result:
    """`data` must be made of what JSON knows; `text` is printed without `--json`, complete with its newline."""

    __slots__ = ("data", "exit_code", "text")

    def __init__(self, data: object = None, text: str = "", exit_code: int = 0) -> None:
        self.data = data
        self.text = text
        self.exit_code = exit_code
