"""What functions of Python's library and methods of plain values give, as far as such code uses them.

Nothing here touches anything but values, and nothing takes more time or memory than a file may.
"""

import builtins
import itertools
import math
import os
import re
import string
import sys
from collections.abc import Callable

from comfydock_core.analyzers.class_inputs.values import (
    LONGEST,
    MORE,
    MOST,
    Foreign,
    Many,
    Maybe,
    Place,
    Unknown,
    is_known,
    more_of,
    reason_of,
    sources_of,
)

_REPEATED = re.compile(r"[*+{]")
_BACK = re.compile(r"\\\d|\(\?P=")
_SHORT = 500
_WIDE = re.compile(r"\d{4}")
# What ComfyUI cannot start without, and Python itself: imports of these do not fail, and what they do is known to be
# harmless to what they are given.
KNOWN_LIBRARIES = frozenset(sys.stdlib_module_names) | frozenset(dir(builtins)) | {
    "torch", "torchvision", "torchaudio", "numpy", "PIL", "einops", "transformers", "safetensors", "aiohttp", "yaml",
    "scipy", "tqdm", "psutil", "av", "pydantic",
}  # fmt: skip
CONSTANTS: dict[str, object] = {
    "math.pi": math.pi, "math.e": math.e, "math.inf": math.inf, "math.nan": math.nan, "math.tau": math.tau,
    "sys.maxsize": sys.maxsize, "typing.TYPE_CHECKING": False, "os.sep": os.sep,
    "string.ascii_letters": string.ascii_letters, "string.ascii_lowercase": string.ascii_lowercase,
    "string.ascii_uppercase": string.ascii_uppercase, "string.digits": string.digits,
}  # fmt: skip


def _range(*arguments: int) -> list[int]:
    steps = range(*arguments)
    if len(steps) > MOST:
        raise ValueError("a range that is too long")
    return list(steps)


def _absolute(path: str) -> str:
    if not os.path.isabs(path):
        raise ValueError("a path from where ComfyUI is started")
    return os.path.normpath(path)


def _matched(name: str) -> Callable[..., object]:
    """A function of `re` for patterns that cannot take long: one repetition, and short texts."""

    def act(pattern: str, *rest: str) -> object:
        if (
            len(_REPEATED.findall(pattern)) > 1
            or _BACK.search(pattern)
            or any(len(one) > _SHORT for one in (pattern, *rest))
        ):
            raise ValueError("a pattern that is not worked out")
        return getattr(re, name)(pattern, *rest)

    return act


def _zipped(*parts: list[object], strict: bool = False) -> list[object]:
    return list(zip(*parts, strict=strict))


def _repeated(value: object, times: int) -> list[object]:
    return [value] * min(times, MOST)


def _product(*parts: list[object]) -> list[object]:
    if math.prod(map(len, parts)) > MOST:
        raise ValueError("a product that is too long")
    return list(itertools.product(*parts))


# Those that look no deeper than they must: what is in their arguments may be unknown.
SHALLOW: dict[str, Callable[..., object]] = {
    "dict": lambda *parts, **named: {**dict(*parts), **named},
    "enumerate": lambda values, start=0: list(enumerate(values, start)),
    "list": list, "reversed": lambda values: list(reversed(list(values))), "tuple": tuple, "zip": _zipped, "iter": list,
    "collections.OrderedDict": lambda *parts, **named: {**dict(*parts), **named},
    "itertools.chain": lambda *parts: list(itertools.chain(*parts)),
    "itertools.chain.from_iterable": lambda parts: list(itertools.chain(*parts)),
    "itertools.repeat": _repeated, "copy.copy": lambda value: value.copy() if isinstance(value, dict | list) else value,
    "typing.cast": lambda _, value: value, "dict.fromkeys": dict.fromkeys,
}  # fmt: skip
DEEP: dict[str, Callable[..., object]] = {
    **{f"os.path.{name}": getattr(os.path, name) for name in (
        "basename", "dirname", "isabs", "join", "normpath", "split", "splitext",
    )},
    **{f"math.{name}": getattr(math, name) for name in (
        "ceil", "floor", "sqrt", "log", "log2", "log10", "radians", "degrees",
    )},
    **{f"re.{name}": _matched(name) for name in ("sub", "findall", "split")},
    "os.path.abspath": _absolute, "os.path.realpath": _absolute,
    "abs": abs, "all": all, "any": any, "bool": bool, "divmod": divmod, "float": float, "frozenset": frozenset,
    "int": int, "max": max, "min": min, "ord": ord, "chr": chr, "range": _range, "repr": repr, "round": round,
    "set": set, "sorted": sorted, "str": str, "os.fspath": os.fspath, "sum": sum, "itertools.product": _product,
}  # fmt: skip
EFFECTLESS = frozenset({"print", "warnings.warn", "logging.info", "logging.warning", "logging.debug", "logging.error"})
LISTING = frozenset({"list", "sorted", "tuple", "set", "reversed", "enumerate", "zip", "iter", "frozenset"})
_METHODS: dict[type, frozenset[str]] = {
    str: frozenset({
        "capitalize", "casefold", "count", "endswith", "find", "index", "isalpha", "isdigit", "islower", "isupper",
        "lower", "lstrip", "partition", "removeprefix", "removesuffix", "replace", "rfind", "rpartition", "rsplit",
        "rstrip", "split", "splitlines", "startswith", "strip", "swapcase", "title", "upper",
    }),
    list: frozenset({"count", "index"}),
    tuple: frozenset({"count", "index"}),
    set: frozenset({"union", "difference", "intersection", "issubset", "issuperset"}),
    frozenset: frozenset({"union", "difference", "intersection", "issubset", "issuperset"}),
    int: frozenset({"bit_length"}),
    float: frozenset({"is_integer"}),
}  # fmt: skip


def library(dotted: str, arguments: list[object], named: dict[str, object], place: Place) -> object:
    """What a function of Python's library gives; `KeyError` when it is none of those that are known.

    May raise whatever the function raises.
    """
    if dotted in EFFECTLESS:
        return None
    if dotted in SHALLOW:
        opaque = [one for one in arguments if isinstance(one, Unknown | Foreign)]
        scrambled = any(isinstance(one, set | frozenset) and len(one) > 1 for one in arguments)
        if opaque or scrambled or more_of(named) is not None:
            reason = f"{place}: the order of a set" if scrambled else reason_of(*opaque)
            return Unknown(_why(reason, place, arguments), sources_of(*arguments), dotted in LISTING)
        return _bounded(SHALLOW[dotted](*arguments, **named), place)
    act = DEEP[dotted]
    if not all(map(is_known, (*arguments, *named.values()))):
        values = [*arguments, *named.values()]
        return Unknown(_why(reason_of(*values), place, values), sources_of(*values), dotted in LISTING)
    if dotted in ("int", "float", "str") and any(isinstance(one, str) and len(one) > LONGEST for one in arguments):
        return Unknown(f"{place}: a text that is too long")
    return _bounded(act(*arguments, **named), place)


def _why(reason: str | None, place: Place, values: list[object]) -> str | None:
    return reason if reason is not None or sources_of(*values) else f"{place}: only a run would tell"


def _bounded(value: object, place: Place) -> object:
    if isinstance(value, list | tuple | dict | set) and len(value) > MOST:
        return Unknown(f"{place}: a list that is too long", (), True)
    if isinstance(value, str) and len(value) > LONGEST:
        return Unknown(f"{place}: a text that is too long")
    return value


def method(holder: object, name: str, arguments: list[object], named: dict[str, object], place: Place) -> object:
    """What a method of a plain value gives that changes nothing. May raise whatever the method raises."""
    values = [holder, *arguments, *named.values()]
    if name == "copy" and isinstance(holder, dict | list | set):
        return holder.copy()
    if isinstance(holder, str) and name in ("join", "format"):
        return _made(holder, name, arguments, named, place)
    allowed = _METHODS.get(type(holder), frozenset())
    if name not in allowed or not all(map(is_known, values)):
        lists = name in ("split", "rsplit", "union", "difference", "intersection")
        return Unknown(_why(reason_of(*values), place, values), sources_of(*values), lists)
    if name == "replace" and isinstance(holder, str) and len(holder) * max(1, len(str(arguments[1]))) > LONGEST * 8:
        return Unknown(f"{place}: a text that is too long")
    return _bounded(getattr(holder, name)(*arguments, **named), place)


def _made(text: str, name: str, arguments: list[object], named: dict[str, object], place: Place) -> object:
    values = [*arguments, *named.values()]
    if not all(map(is_known, values)) or _WIDE.search(text):
        return Unknown(_why(reason_of(*values), place, values), sources_of(*values))
    if name == "join":
        (over,) = arguments
        if isinstance(over, set | frozenset) and len(over) > 1:
            return Unknown(f"{place}: the order of a set")
        items = [str(one) for one in over]  # type: ignore[attr-defined]
        fits = sum(map(len, items)) + len(text) * len(items) <= LONGEST
        return text.join(items) if fits else Unknown(f"{place}: a text that is too long")
    if "{" in text and ("!" in text or re.search(r"\{[^{}]*[.\[{]", text)):
        return Unknown(f"{place}: a text that is not worked out")
    return _bounded(text.format(*arguments, **named), place)


def dictionary_method(holder: dict[object, object], name: str) -> list[object]:
    """What a method of a dictionary gives that only reads it."""
    if name in ("keys", "values", "items"):
        more = holder.get(MORE)
        found: list[object] = []
        for key, value in holder.items():
            if key is MORE:
                continue
            inner = value.value if isinstance(value, Maybe) else value
            one: object = key if name == "keys" else inner if name == "values" else (key, inner)
            found.append(Maybe(one, value.reason) if isinstance(value, Maybe) else one)
        return found if more is None else [*found, Many(more, reason_of(more))]
    raise KeyError(name)
