"""Calls of what is looked at: functions, methods, classes, and what Python itself has to look at all of these."""

import ast
import pathlib
from collections.abc import Callable

from comfydock_core.analyzers.class_inputs import comfyui_folders
from comfydock_core.analyzers.class_inputs.attributes import DEEPEST, Attributes
from comfydock_core.analyzers.class_inputs.changing import CHANGING, changed, handed_on
from comfydock_core.analyzers.class_inputs.operations import TROUBLE, is_listed, plain
from comfydock_core.analyzers.class_inputs.plain_calls import (
    KNOWN_LIBRARIES,
    LISTING,
    dictionary_method,
    library,
    method,
)
from comfydock_core.analyzers.class_inputs.values import (
    ENUMERATIONS,
    MISSING,
    MORE,
    MOST,
    Bound,
    Class,
    Foreign,
    Frame,
    Function,
    Instance,
    Many,
    Maybe,
    Member,
    Method,
    Module,
    Partial,
    Place,
    Super,
    Unknown,
    joined,
    more_of,
    reason_of,
    size_of,
    sources_of,
    truth,
)

_CLEAR = frozenset({
    "functools.lru_cache", "functools.cache", "typing.final", "typing_extensions.final", "abc.abstractmethod",
    "typing.override", "typing_extensions.override", "functools.wraps", "torch.no_grad", "torch.inference_mode",
    "typing.no_type_check", "enum.unique", "typing.runtime_checkable", "functools.total_ordering",
})  # fmt: skip
_KINDS = {
    "classmethod": "class",
    "staticmethod": "static",
    "property": "property",
    "functools.cached_property": "property",
}
_TYPES: dict[str, type | tuple[type, ...]] = {
    "str": str, "int": int, "float": float, "bool": bool, "list": list, "tuple": tuple, "dict": dict, "set": set,
    "frozenset": frozenset, "collections.abc.Iterable": (str, list, tuple, dict, set, frozenset),
    "typing.Iterable": (str, list, tuple, dict, set, frozenset), "collections.abc.Mapping": dict,
    "collections.abc.Sequence": (str, list, tuple),
}  # fmt: skip


class Calling(Attributes):
    """Follows calls. What the statements of a function do is for those who follow statements."""

    def body(self, statements: list[ast.stmt], frame: Frame) -> object:
        """What the statements of a function return."""
        raise NotImplementedError

    def value(self, node: ast.expr, frame: Frame) -> object:
        raise NotImplementedError

    def items(self, over: object) -> list[object]:
        """What a loop goes through; parts that are there in some runs only are `Maybe`."""
        over = self.settled(over)
        if isinstance(over, dict):
            return dictionary_method(over, "keys")
        if isinstance(over, list | tuple):
            return list(over)
        if isinstance(over, str):
            return list(over)
        if isinstance(over, set | frozenset) and len(over) < 2:
            return list(over)
        if isinstance(over, Class) and over.members is not None:
            return list(over.members.values())
        one = Unknown(reason_of(over), sources_of(over))
        if isinstance(over, set | frozenset):
            one = Unknown("the order of a set")
        elif one.reason is None and not one.sources:
            one = Unknown("what a loop goes through is not known")
        return [Many(one, one.reason)]

    def call(self, function: object, arguments: list[object], named: dict[str, object], at: Place) -> object:
        function = self.settled(function)
        if isinstance(function, Bound):
            return self.call(function.function, [function.receiver, *arguments], named, at)
        if isinstance(function, Function):
            return self._followed(function, arguments, named, at)
        if isinstance(function, Class):
            return self._made(function, arguments, named, at)
        try:
            if isinstance(function, Method):
                return self._method(function, arguments, named, at)
            if isinstance(function, Foreign):
                return self._foreign(function.dotted, arguments, named, at)
        except TROUBLE as error:
            return Unknown(f"{at}: {error}", sources_of(*arguments))
        if isinstance(function, Partial):
            return self.call(function.function, [*function.arguments, *arguments], {**function.named, **named}, at)
        if isinstance(function, Instance):
            acting = function.cls.find("__call__")
            if acting is not MISSING:
                return self.call(Bound(acting, function), arguments, named, at)
        values = [function, *arguments, *named.values()]
        of_files = isinstance(function, Unknown) and function.reason is None and function.sources
        why = reason_of(*values) if of_files else reason_of(function) or f"{at}: what is called is not looked at"
        made = Unknown(why, sources_of(*values))
        if not of_files:
            handed_on(values[1:], f"{at}: it is handed to what is not looked at")
        return made

    def _followed(self, function: Function, arguments: list[object], named: dict[str, object], at: Place) -> object:
        if self.deep > DEEPEST:
            return Unknown(f"{at}: calls that are nested too deeply")
        if function.kind not in ("", "class", "static", "property"):
            return Unknown(f"{at}: a function that is not looked at")
        receiver = arguments[0] if arguments else None
        frame = Frame(function.module, {}, function.outer, function.owner, receiver)
        if not self._bind(function, arguments, named, frame, at):
            return Unknown(f"{at}: a call that does not fit the function")
        self.step(5)
        self.deep += 1
        try:
            if isinstance(function.node, ast.Lambda):
                return self.value(function.node.body, frame)
            return self.body(function.node.body, frame)
        except RecursionError:
            return Unknown(f"{at}: it is nested too deeply")
        finally:
            self.deep -= 1

    def _bind(
        self, function: Function, arguments: list[object], named: dict[str, object], frame: Frame, at: Place
    ) -> bool:
        """Give the parameters of a function their values. Returns whether they fit."""
        spec, names = function.node.args, frame.names
        order, known = function.parameters
        if len(arguments) > len(order) and spec.vararg is None:
            return False
        names.update(zip(order, arguments))  # noqa: B905 -- Those that are left have defaults.
        if spec.vararg is not None:
            names[spec.vararg.arg] = tuple(arguments[len(order) :])
        further: dict[object, object] = {}
        for name, value in named.items():
            if name in known:
                if name in names:
                    return False
                names[name] = value
            elif spec.kwarg is not None:
                further[name] = value
            elif isinstance(name, str):
                return False
        if spec.kwarg is not None:
            names[spec.kwarg.arg] = further
        more = more_of(named)
        for name in known:
            if name not in names:
                default = function.defaults.get(name, MISSING)
                if more is not None:
                    default = Unknown(reason_of(more) or f"{at}: arguments that are not known")
                if default is MISSING:
                    return False
                names[name] = default
        return True

    def _made(self, cls: Class, arguments: list[object], named: dict[str, object], at: Place) -> object:
        """A new instance of a class."""
        if cls.members is not None:
            wanted = plain(arguments[0]) if arguments else None
            return next((one for one in cls.members.values() if one.value == wanted), Unknown(f"{at}: no such member"))
        making = cls.find("__new__")
        made: object = Instance(cls)
        if making is not MISSING:
            made = self.call(making, [cls, *arguments], named, at)
            if not isinstance(made, Instance) or made.cls is not cls:
                return made
        native = next((one for one in ("str", "dict", "list", "tuple", "int", "float") if cls.derives_from(one)), None)
        if native is not None or cls.derives_from("typing.TypedDict", "typing_extensions.TypedDict"):
            return self._native(cls, native or "dict", arguments, named, at)
        return self._begun(cls, made, arguments, named, at)

    def _begun(self, cls: Class, made: object, arguments: list[object], named: dict[str, object], at: Place) -> object:
        """An instance after its `__init__`."""
        if not isinstance(made, Instance):
            return made
        beginning = cls.find("__init__")
        if beginning is not MISSING:
            done = self.call(Bound(beginning, made), arguments, named, at)
            made.is_open = made.is_open or isinstance(done, Unknown)
        elif cls.fields is not None:
            self._fill(made, cls.fields, arguments, named, at)
        else:
            made.is_open = cls.is_open
        return made

    def _native(self, cls: Class, native: str, arguments: list[object], named: dict[str, object], at: Place) -> object:
        """A text, list or dictionary of a class of its own: a plain one, unless it answers otherwise."""
        special = (
            "__getitem__",
            "__contains__",
            "__iter__",
            "__missing__",
            "get",
            "keys",
            "items",
            "values",
            "__len__",
        )
        if native in ("dict", "list", "tuple") and any(cls.find(name) is not MISSING for name in special):
            if native == "tuple":
                return self._foreign(native, arguments, named, at)
            return Unknown(f"{at}: `{cls.name}` makes up what is in it when somebody asks")
        if cls.find("__init__") is not MISSING and native != "str":
            return Unknown(f"{at}: `{cls.name}` begins in a way of its own")
        return self._foreign(native, arguments[:1] if native == "str" else arguments, named, at)

    def _fill(
        self, made: Instance, fields: dict[str, object], arguments: list[object], named: dict[str, object], at: Place
    ) -> None:
        """What a data class does with what it is given."""
        given = {**dict(zip(fields, arguments)), **named}  # noqa: B905 -- Those that are left have defaults.
        for name, default in fields.items():
            if name in given:
                made.names[name] = given[name]
            elif isinstance(default, Partial):
                made.names[name] = self.call(default.function, [], {}, at)
            elif default is not MISSING:
                made.names[name] = default
            else:
                made.names[name] = Unknown(f"{at}: `{name}` is not given")

    def _method(self, function: Method, arguments: list[object], named: dict[str, object], at: Place) -> object:
        holder, name = function.holder, function.name
        if isinstance(holder, pathlib.PurePath):
            return self.files.method(holder, name, arguments, at)
        if isinstance(holder, list | dict | set) and name in CHANGING:
            self.step(1 + len(holder) // 8)
            return changed(self, holder, name, arguments, named, at)
        if isinstance(holder, dict) and name in ("keys", "values", "items"):
            self.step(1 + len(holder) // 4)
            return dictionary_method(holder, name)
        if isinstance(holder, dict) and name == "get":
            return self._get(holder, arguments, at)
        if isinstance(holder, str) and len(holder) > 1000:
            self.step(len(holder) // 100)
        return method(holder, name, [plain(one) for one in arguments], named, at)

    def _get(self, holder: dict[object, object], arguments: list[object], at: Place) -> object:
        key = plain(arguments[0])
        default = arguments[1] if len(arguments) > 1 else None
        if isinstance(key, Unknown | Foreign):
            return Unknown(reason_of(key), sources_of(holder))
        found = holder.get(key, MISSING)
        if isinstance(found, Maybe):
            return joined(found.value, default, found.reason)
        if found is MISSING:
            return (
                default if MORE not in holder else Unknown(reason_of(holder[MORE]) or f"{at}: a key that is not known")
            )
        return found

    def _foreign(self, dotted: str, arguments: list[object], named: dict[str, object], at: Place) -> object:
        special = _SPECIAL.get(dotted)
        if special is not None:
            return special(self, arguments, named, at)
        listed = comfyui_folders.called(dotted, arguments, named, at)
        if listed is not None:
            return listed
        about_files = self.files.called(dotted, arguments, at)
        if about_files is not None:
            return about_files
        self.step(size_of(*arguments))
        arguments = [
            self.items(one)
            if (isinstance(one, Class) and one.members) or (isinstance(one, dict) and dotted in LISTING)
            else plain(one)
            for one in arguments
        ]
        self.step(sum(len(one) for one in arguments if isinstance(one, list | tuple | set | frozenset)))
        try:
            if dotted in ("sorted", "min", "max") and "key" in named:
                return self._by_key(dotted, arguments, named, at)
            return library(dotted, arguments, named, at)
        except KeyError:
            values = [*arguments, *named.values()]
            made = Unknown(reason_of(*values) or f"{at}: what `{dotted}` gives", sources_of(*values))
            if dotted.partition(".")[0] not in KNOWN_LIBRARIES:
                handed_on(values, f"{at}: it is handed to `{dotted}`")
            return made

    def _by_key(self, dotted: str, arguments: list[object], named: dict[str, object], at: Place) -> object:
        (over,) = arguments
        if not isinstance(over, list | tuple) or any(isinstance(one, Maybe) for one in over):
            return library(dotted, arguments, {}, at)
        keyed = [(self.call(named["key"], [one], {}, at), one) for one in over]
        places = list(range(len(keyed)))
        turned = truth(named.get("reverse", False))
        keys = [key for key, _ in keyed]
        order = library("sorted", [[(key, place) for key, place in zip(keys, places, strict=True)]], {}, at)
        if turned is None or isinstance(order, Unknown):
            return Unknown(
                reason_of(order, named.get("reverse")) or f"{at}: an order that is not known",
                sources_of(over),
                dotted == "sorted",
            )
        places.sort(key=lambda place: keys[place], reverse=turned)  # type: ignore[arg-type, return-value]
        ordered = [keyed[place][1] for place in places]
        return ordered if dotted == "sorted" else ordered[0] if dotted == "min" else ordered[-1]

    def decorated(self, decorator: object, made: object, at: Place) -> object:
        """What a decorator makes of a function or class."""
        if isinstance(decorator, Foreign):
            kind = _KINDS.get(decorator.dotted)
            if kind is not None:
                return _SPECIAL[decorator.dotted](self, [made], {}, at)
            if decorator.dotted.startswith("dataclasses.dataclass") and isinstance(made, Class):
                return made
            if decorator.dotted in _CLEAR:
                return made
        return self.call(decorator, [made], {}, at)

    def decorator_call(self, function: object) -> bool:
        """Whether a decorator that is called first leaves what it decorates as it is."""
        return isinstance(function, Foreign) and (
            function.dotted in _CLEAR or function.dotted == "dataclasses.dataclass"
        )


def _of_kind(kind: str) -> Callable[..., object]:
    def make(run: Calling, arguments: list[object], named: dict[str, object], at: Place) -> object:
        (made,) = arguments
        if isinstance(made, Function):
            return Function(made.node, made.module, made.outer, made.owner, kind, made.defaults)
        return made

    return make


def _super(run: Calling, arguments: list[object], named: dict[str, object], at: Place) -> object:
    owner, receiver = arguments
    return Super(owner, receiver) if isinstance(owner, Class) else Unknown(f"{at}: `super()` of what is not looked at")


def _getattr(run: Calling, arguments: list[object], named: dict[str, object], at: Place) -> object:
    holder, name = arguments[0], plain(arguments[1])
    if not isinstance(name, str):
        return Unknown(reason_of(name) or f"{at}: the name is not known", sources_of(holder))
    found = MISSING if _lacks(run, holder, name) else run.attribute(holder, name, at)
    if found is MISSING:
        return arguments[2] if len(arguments) > 2 else Unknown(f"{at}: there is no `{name}`")
    if isinstance(found, Foreign | Unknown) and len(arguments) > 2 and isinstance(holder, Foreign | Module):
        return Unknown(f"{at}: whether there is `{name}`")
    return found


def _lacks(run: Calling, holder: object, name: str) -> bool:
    """Whether it is certain that a module has no such name."""
    if not isinstance(holder, Module) or holder.is_open or holder.loading:
        return False
    run.load(holder)
    return not holder.is_open and name not in holder.names and run.submodule(holder, name) is None


def _hasattr(run: Calling, arguments: list[object], named: dict[str, object], at: Place) -> object:
    holder, name = arguments
    if isinstance(name, str) and _lacks(run, holder, name):
        return False
    found = run.attribute(holder, name, at) if isinstance(name, str) else Unknown(None)
    if isinstance(found, Foreign | Unknown) or isinstance(holder, str | list | dict | int | float | Unknown):
        known = isinstance(found, Method) and hasattr(found.holder, found.name)
        return True if known else Unknown(f"{at}: whether there is such a name")
    return found is not MISSING


def _setattr(run: Calling, arguments: list[object], named: dict[str, object], at: Place) -> object:
    holder, name, value = arguments
    if isinstance(name, str):
        run.put_attribute(holder, name, value)
    return None


def _isinstance(run: Calling, arguments: list[object], named: dict[str, object], at: Place) -> object:
    value, kinds = arguments
    answers = [_is_of(value, kind) for kind in (kinds if isinstance(kinds, tuple) else (kinds,))]
    if True in answers:
        return True
    return Unknown(f"{at}: what kind of value it is", sources_of(value)) if None in answers else False


def _is_of(value: object, kind: object) -> bool | None:
    if isinstance(value, Unknown) and value.is_list and isinstance(kind, Foreign):
        return True if kind.dotted == "list" else False if kind.dotted in ("str", "dict", "int", "float") else None
    if isinstance(value, Unknown | Foreign | Maybe):
        return None
    if isinstance(kind, Class):
        if isinstance(value, Instance | Member):
            return True if kind in value.cls.order else None if value.cls.is_open else False
        return False
    if not isinstance(kind, Foreign):
        return None
    if isinstance(value, Class):
        return kind.dotted == "type" or (None if kind.dotted not in _TYPES else False)
    if isinstance(value, Instance):
        if kind.dotted.endswith(".Iterable"):
            return value.cls.find("__iter__") is not MISSING
        return True if value.cls.derives_from(kind.dotted) else None if value.cls.is_open else False
    if isinstance(value, Member):
        return value.cls.derives_from(kind.dotted)
    types = _TYPES.get(kind.dotted)
    if types is not None:
        return isinstance(value, types)
    return False if kind.dotted in ("type", "enum.Enum") else None


def _issubclass(run: Calling, arguments: list[object], named: dict[str, object], at: Place) -> object:
    cls, kinds = arguments
    if not isinstance(cls, Class):
        return Unknown(f"{at}: which class it is")
    for kind in kinds if isinstance(kinds, tuple) else (kinds,):
        if kind in cls.order or (isinstance(kind, Foreign) and cls.derives_from(kind.dotted)):
            return True
    return Unknown(f"{at}: a base that is not looked at") if cls.is_open else False


def _type(run: Calling, arguments: list[object], named: dict[str, object], at: Place) -> object:
    if len(arguments) == 3:
        name, bases, names = arguments
        if not isinstance(name, str) or not isinstance(bases, tuple) or not isinstance(names, dict):
            return Unknown(f"{at}: a class that is made of what is not known")
        made = {key: value for key, value in names.items() if isinstance(key, str)}
        first = next((one for one in bases if isinstance(one, Class)), None)
        home = first.module if first is not None else None
        if home is None:
            return Unknown(f"{at}: a class that is made of what is not known")
        return new_class(name, bases, made, home, 0)
    (value,) = arguments
    if isinstance(value, Instance | Member):
        return value.cls
    if isinstance(value, Class):
        return Foreign("type")
    if isinstance(value, str | int | float | list | dict | tuple | set):
        return Foreign(type(value).__name__)
    return Unknown(f"{at}: which type it is")


def _len(run: Calling, arguments: list[object], named: dict[str, object], at: Place) -> object:
    (value,) = arguments
    if isinstance(value, Class) and value.members is not None:
        return len(value.members)
    if isinstance(value, list | dict | tuple | set | frozenset | str):
        inside = value.values() if isinstance(value, dict) else value
        if isinstance(value, str) or not (
            any(isinstance(one, Maybe) for one in inside) or (isinstance(value, dict) and MORE in value)
        ):
            return len(value)
    return Unknown(reason_of(value) or f"{at}: how many there are", sources_of(value))


def _map(run: Calling, arguments: list[object], named: dict[str, object], at: Place) -> object:
    function, over = arguments
    found: list[object] = []
    for one in run.items(over)[:MOST]:
        made = run.call(function, [one.value if isinstance(one, Maybe) else one], {}, at)
        found.append(one.of(made) if isinstance(one, Maybe) else made)
    return (
        found
        if not is_listed(over) or isinstance(over, list | tuple)
        else Unknown(reason_of(found), sources_of(over), True)
    )


def _filter(run: Calling, arguments: list[object], named: dict[str, object], at: Place) -> object:
    function, over = arguments
    if not isinstance(over, list | tuple | dict):
        return Unknown(reason_of(over), sources_of(over), True)
    found: list[object] = []
    for one in run.items(over):
        inner = one.value if isinstance(one, Maybe) else one
        kept = inner if function is None else run.call(function, [inner], {}, at)
        holds = truth(kept)
        if isinstance(one, Maybe):
            found += [one] if holds is not False else []
        elif holds is None:
            found.append(Maybe(inner, reason_of(kept)))
        elif holds:
            found.append(inner)
    return found


def _next(run: Calling, arguments: list[object], named: dict[str, object], at: Place) -> object:
    found = run.items(arguments[0])
    if not found:
        return arguments[1] if len(arguments) > 1 else Unknown(f"{at}: there is none")
    first = found[0]
    return (
        Unknown(reason_of(first) or f"{at}: which is the first", sources_of(first))
        if isinstance(first, Maybe)
        else first
    )


def _partial(run: Calling, arguments: list[object], named: dict[str, object], at: Place) -> object:
    return Partial(arguments[0], tuple(arguments[1:]), named)


def _new(run: Calling, arguments: list[object], named: dict[str, object], at: Place) -> object:
    cls, *given = arguments
    if not isinstance(cls, Class):
        return Unknown(f"{at}: which class it is")
    if cls.derives_from("str"):
        text = plain(given[0]) if given else ""
        return text if isinstance(text, str) else Unknown(reason_of(text) or f"{at}: which text it is")
    if any(cls.derives_from(one) for one in ("int", "float", "tuple", "list", "dict")):
        return Unknown(f"{at}: `{cls.name}` makes its instances itself")
    return Instance(cls, {}, cls.is_open)


def _field(run: Calling, arguments: list[object], named: dict[str, object], at: Place) -> object:
    if "default_factory" in named:
        return Partial(named["default_factory"], (), {})
    return named.get("default", MISSING)


def _copy(run: Calling, arguments: list[object], named: dict[str, object], at: Place) -> object:
    (value,) = arguments
    return _copied(run, value, 0, deep=named.get("deep") is True)


def _deep_copy(run: Calling, arguments: list[object], named: dict[str, object], at: Place) -> object:
    return _copied(run, arguments[0], 0, deep=True)


def _copied(run: Calling, value: object, level: int, *, deep: bool) -> object:
    run.step()
    if level > 30:
        return Unknown("it is nested too deeply")
    inner: Callable[[object], object] = (
        (lambda one: _copied(run, one, level + 1, deep=True)) if deep else (lambda one: one)
    )
    if isinstance(value, Instance):
        return Instance(value.cls, {name: inner(one) for name, one in value.names.items()}, value.is_open)
    if isinstance(value, dict):
        return {key: inner(one) for key, one in value.items()}
    if isinstance(value, list):
        return [inner(one) for one in value]
    if isinstance(value, tuple):
        return tuple(inner(one) for one in value)
    if isinstance(value, Maybe):
        return Maybe(inner(value.value), value.reason)
    return set(value) if isinstance(value, set) else value


def _callable(run: Calling, arguments: list[object], named: dict[str, object], at: Place) -> object:
    (value,) = arguments
    if isinstance(value, Unknown | Foreign | Instance):
        return Unknown(f"{at}: what kind of value it is")
    return isinstance(value, Function | Class | Bound | Method | Partial)


_SPECIAL: dict[str, Callable[..., object]] = {
    **{name: _of_kind(kind) for name, kind in _KINDS.items()},
    "super": _super, "getattr": _getattr, "hasattr": _hasattr, "setattr": _setattr, "isinstance": _isinstance,
    "issubclass": _issubclass, "type": _type, "len": _len, "map": _map, "filter": _filter, "next": _next,
    "dataclasses.field": _field, "functools.partial": _partial, "copy.copy": _copy, "copy.deepcopy": _deep_copy,
    "callable": _callable,
    "vars": lambda run, arguments, named, at: run.attribute(arguments[0], "__dict__", at),
    "object.__init__": lambda *_: None, "object.__init_subclass__": lambda *_: None, "object.__new__": _new,
    "str.__new__": _new,
    "inspect.isclass": lambda run, arguments, named, at: _isinstance(run, [arguments[0], Foreign("type")], named, at),
}  # fmt: skip


def new_class(name: str, bases: tuple[object, ...], names: dict[str, object], home: Module, line: int) -> Class:
    """A class as the `class` statement makes it."""
    made = Class(name, bases, names, home, line)
    order: list[Class | Foreign | Unknown] = []
    for base in bases:
        if isinstance(base, Class):
            order += base.order
        elif isinstance(base, Foreign | Unknown):
            order.append(base)
        else:
            order.append(Unknown(f"{home.shown}:{line}: a base that is not looked at"))
    last = {id(one) if isinstance(one, Class) else one: place for place, one in enumerate(order)}
    kept = [one for place, one in enumerate(order) if last[id(one) if isinstance(one, Class) else one] == place]
    made.order = (made, *kept)
    for one in kept:
        if isinstance(one, Class) and one.fields is not None and made.fields is None:
            made.fields = one.fields
    if made.derives_from(*ENUMERATIONS):
        made.members = _members(made, names)
    return made


def _members(made: Class, names: dict[str, object]) -> dict[str, Member]:
    found: dict[str, Member] = {}
    for name, value in names.items():
        if name.startswith("_") or isinstance(value, Function | Class | Instance | Bound):
            continue
        if isinstance(value, Unknown) and value.reason is not None and "enum.auto" in value.reason:
            value = name.lower() if made.derives_from("enum.StrEnum", "str") else len(found) + 1
        found[name] = Member(made, name, value)
    return found
