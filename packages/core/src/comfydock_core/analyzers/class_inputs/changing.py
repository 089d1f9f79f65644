"""What methods do to lists, dictionaries and sets. What is done only perhaps leaves its traces too."""

from collections.abc import Iterable
from typing import Protocol

from comfydock_core.analyzers.class_inputs.operations import plain
from comfydock_core.analyzers.class_inputs.values import (
    MISSING,
    MORE,
    MOST,
    Foreign,
    Maybe,
    Place,
    Unknown,
    is_known,
    joined,
    reason_of,
    sources_of,
    truth,
)

CHANGING = frozenset({
    "append", "extend", "insert", "remove", "sort", "reverse", "clear", "update", "setdefault", "pop", "popitem",
    "add", "discard", "__setitem__",
})  # fmt: skip


class Follower(Protocol):
    uncertain: int
    by_files: int

    def items(self, over: object) -> list[object]: ...

    def call(self, function: object, arguments: list[object], named: dict[str, object], at: Place) -> object: ...


def put(holder: object, key: object, value: object, at: Place, *, perhaps: bool) -> None:
    """`holder[key] = value`."""
    key = plain(key)
    if isinstance(holder, dict):
        if isinstance(key, Unknown | Foreign) or not is_known(key):
            why, sources = reason_of(key), sources_of(key, value)
            holder[MORE] = Unknown(why if why or sources else f"{at}: a key that is not known", sources)
        elif len(holder) < MOST:
            if perhaps:
                old = holder.get(key, MISSING)
                value = (
                    Maybe(value, f"{at}: only in some runs")
                    if old is MISSING
                    else joined(old, value, f"{at}: not in every run")
                )
            holder[key] = value
    elif isinstance(holder, list):
        if isinstance(key, int) and -len(holder) <= key < len(holder):
            holder[key] = joined(holder[key], value, f"{at}: not in every run") if perhaps else value
        else:
            _unsettle(holder, at)


def handed_on(values: Iterable[object], reason: str) -> None:
    """What is given to a function that is not looked at may be changed by it."""
    for one in values:
        if isinstance(one, dict):
            one.setdefault(MORE, Unknown(reason))
        elif isinstance(one, list):
            one.append(Maybe(Unknown(reason), reason))


def _unsettle(holder: list[object] | dict[object, object] | set[object], at: Place) -> None:
    """Nobody knows any more what exactly is in there."""
    reason = f"{at}: it is changed in a way that only a run would tell"
    if isinstance(holder, list):
        holder[:] = [one if isinstance(one, Maybe) else Maybe(one, reason) for one in holder]
        holder.append(Maybe(Unknown(reason), reason))
    elif isinstance(holder, dict):
        for key, one in list(holder.items()):
            if key is not MORE and not isinstance(one, Maybe):
                holder[key] = Maybe(one, reason)
    else:
        holder.add(Unknown(reason))


def changed(
    run: Follower, holder: list[object] | dict[object, object] | set[object], name: str, arguments: list[object],
    named: dict[str, object], at: Place,
) -> object:  # fmt: skip
    """Do what a method does. May raise whatever the method raises."""
    if isinstance(holder, list):
        return _list(run, holder, name, arguments, named, at)
    if isinstance(holder, dict):
        return _dictionary(run, holder, name, arguments, named, at)
    if run.uncertain or not all(map(is_known, arguments)):
        holder.add(Unknown(reason_of(*arguments) or f"{at}: it is changed in some runs", sources_of(*arguments)))
        return None
    if name == "update":
        holder.update(*arguments)  # type: ignore[arg-type]
    elif name in ("add", "discard", "remove"):
        getattr(holder, name)(plain(arguments[0]))
    return None


def _list(
    run: Follower, holder: list[object], name: str, arguments: list[object], named: dict[str, object], at: Place
) -> object:
    perhaps = run.uncertain > 0
    if name in ("append", "extend", "insert"):
        added = arguments[-1:] if name != "extend" else run.items(arguments[0])
        if perhaps:
            reason = None if run.uncertain == run.by_files else f"{at}: only in some runs"
            added = [one if isinstance(one, Maybe) else Maybe(one, reason) for one in added]
        if len(holder) + len(added) > MOST:
            _unsettle(holder, at)
        elif name == "insert" and isinstance(arguments[0], int):
            holder[arguments[0] : arguments[0]] = added
        else:
            holder += added
        return None
    if perhaps or not all(map(is_known, arguments)) or any(isinstance(one, Maybe) for one in holder):
        _unsettle(holder, at)
        return Unknown(f"{at}: only a run would tell", sources_of(holder))
    if name == "sort":
        made = run.call(Foreign("sorted"), [list(holder)], named, at)
        holder[:] = made if isinstance(made, list) else [Maybe(made, reason_of(made))]
        return None
    if name == "remove" and not is_known(holder):
        _unsettle(holder, at)
        return None
    return getattr(holder, name)(*arguments)


def _dictionary(
    run: Follower, holder: dict[object, object], name: str, arguments: list[object], named: dict[str, object], at: Place
) -> object:
    perhaps = run.uncertain > 0
    if name == "update":
        for one in arguments:
            _update(run, holder, one, at, perhaps=perhaps)
        for key, value in named.items():
            put(holder, key, value, at, perhaps=perhaps)
        return None
    if name == "__setitem__":
        put(holder, arguments[0], arguments[1], at, perhaps=perhaps)
        return None
    if name == "clear" and not perhaps:
        holder.clear()
        return None
    if name in ("clear", "popitem"):
        _unsettle(holder, at)
        return Unknown(f"{at}: only a run would tell")
    wanted = plain(arguments[0])
    default = arguments[1] if len(arguments) > 1 else None
    if not is_known(wanted):
        if name == "pop":
            _unsettle(holder, at)
        else:
            put(holder, wanted, default, at, perhaps=perhaps)
        return Unknown(reason_of(wanted) or f"{at}: a key that is not known")
    act = _take if name == "pop" else _setdefault
    return act(holder, wanted, default, at, perhaps=perhaps)


def _take(holder: dict[object, object], key: object, default: object, at: Place, *, perhaps: bool) -> object:
    old = holder.get(key, MISSING)
    if old is MISSING:
        return default if MORE not in holder else Unknown(reason_of(holder[MORE]) or f"{at}: a key that is not known")
    if perhaps:
        holder[key] = old if isinstance(old, Maybe) else Maybe(old, f"{at}: not in every run")
    else:
        del holder[key]
    return joined(old.value, default, old.reason) if isinstance(old, Maybe) else old


def _setdefault(holder: dict[object, object], key: object, default: object, at: Place, *, perhaps: bool) -> object:
    old = holder.get(key, MISSING)
    if isinstance(old, Maybe):
        whole = joined(old.value, default, old.reason)
        holder[key] = Maybe(whole, old.reason) if perhaps else whole
        return whole
    if old is MISSING:
        put(holder, key, default, at, perhaps=perhaps)
        return default
    return old


def _update(run: Follower, holder: dict[object, object], other: object, at: Place, *, perhaps: bool) -> None:
    """`holder.update(other)`, and `{**other}`."""
    if isinstance(other, list | tuple) and all(isinstance(one, list | tuple) and len(one) == 2 for one in other):
        for key, value in other:
            put(holder, key, value, at, perhaps=perhaps)
    elif isinstance(other, dict):
        for key, value in other.items():
            if key is MORE:
                holder[MORE] = value
            elif isinstance(value, Maybe):
                old = holder.get(key, MISSING)
                holder[key] = value if old is MISSING else joined(old, value.value, value.reason)
            else:
                put(holder, key, value, at, perhaps=perhaps)
    elif truth(other) is not False:
        holder[MORE] = Unknown(reason_of(other) or f"{at}: a dictionary that only a run would tell", sources_of(other))


merge = _update
