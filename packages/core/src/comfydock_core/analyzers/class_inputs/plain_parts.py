"""Values of code as JSON has them."""

import math

from comfydock_core.analyzers.class_inputs.operations import plain
from comfydock_core.analyzers.class_inputs.values import Member, is_unknown

LOST = object()  # What JSON cannot hold, and what only a run would tell.
_DEEPEST = 6
_WIDEST = 1024  # Bits of a number.


class PlainParts:
    """Makes plain values, no more than so many parts of them."""

    def __init__(self, parts: int) -> None:
        self._left = parts

    def of(self, value: object, level: int = 0) -> object:
        """A value as JSON has it, else `LOST`."""
        self._left -= 1
        if isinstance(value, Member):
            value = value.value
        if value is None or isinstance(value, str | bool):
            return value
        if isinstance(value, int):
            return value if value.bit_length() < _WIDEST else LOST
        if isinstance(value, float):
            return value if math.isfinite(value) else LOST
        if (
            level > _DEEPEST
            or is_unknown(value)
            or not isinstance(value, list | tuple | dict)
            or len(value) > self._left
        ):
            return LOST
        if isinstance(value, dict):
            return self._dictionary(value, level)
        made = [self.of(one, level + 1) for one in value]
        return LOST if any(one is LOST for one in made) else made

    def _dictionary(self, value: dict[object, object], level: int) -> object:
        found: dict[str, object] = {}
        for key, one in value.items():
            name, made = plain(key), self.of(one, level + 1)
            if not isinstance(name, str | int | float) or made is LOST:
                return LOST
            found[str(name)] = made
        return found
