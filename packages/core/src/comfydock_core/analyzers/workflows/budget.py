"""How much work one workflow is worth: instances of instances multiply, and files may be made to do so."""

_MOST = 200_000
_TEXT = 64  # This many characters of a scoped identifier weigh as much as a node.


class Budget:
    """Counts what a view costs. Real workflows cost some thousands."""

    def __init__(self, most: int = _MOST) -> None:
        self._left = most

    def spend(self, amount: int, text: int = 0) -> bool:
        """Take an amount, and that of a text's length; `False` when it is more than is left."""
        self._left -= amount + text // _TEXT
        return self._left >= 0
