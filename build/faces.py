"""Literal package faces for the staged tree.

From source a face is `lazy_loader.attach_stub`, which reads its `.pyi` at run time and loads `os`: a third of a bare
start in a compiled program. The staged copy gets the same face written out as a table that needs nothing, so neither
freezer has to know about stubs. The tests prove for every package that stub, live face and literal face agree.
"""

import ast

_LAZY_LINE = "__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)"

_TEMPLATE = """{docstring}
import sys

# Each name and the module below this package that holds it (a module stands for itself), in turn. One text, taken apart
# when a name is touched: most starts touch none, and a table of names would be made at each.
_PLACES = (
{rows})


def _places():
    words = _PLACES.split()
    return dict(zip(words[::2], words[1::2]))


def __getattr__(name):
    places = _places()
    if name == "__all__":
        return list(places)
    place = places.get(name)
    if place is None:
        raise AttributeError(f"module {{__name__!r}} has no attribute {{name!r}}")
    path = f"{{__name__}}.{{place}}"
    __import__(path)
    module = sys.modules[path]
    value = module if place == name else getattr(module, name)
    globals()[name] = value
    return value


def __dir__():
    return list(_places())


def _eager():
    try:
        from posix import environ
    except ImportError:
        from os import environ

        return environ.get("EAGER_IMPORT")
    return environ.get(b"EAGER_IMPORT")


if _eager():
    for _name in _places():
        __getattr__(_name)
"""


class FaceError(Exception):
    """A package face is not of the shape that can be written out."""


def is_lazy_face(source: str) -> bool:
    """Whether an `__init__.py` is a lazy face."""
    return _LAZY_LINE in source


def stub_places(stub: str) -> dict[str, str]:
    """What a stub exports: each name with the module that holds it, sorted by name. Raises `FaceError`."""
    places: dict[str, str] = {}
    for node in ast.parse(stub).body:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        if not isinstance(node, ast.ImportFrom) or node.level != 1:
            raise FaceError(f"line {node.lineno}: only `from .module import Name as Name` may stand in a stub")
        for alias in node.names:
            _add_place(places, node, alias)
    return dict(sorted(places.items()))


def _add_place(places: dict[str, str], node: ast.ImportFrom, alias: ast.alias) -> None:
    if alias.name == "*" or alias.asname != alias.name:
        raise FaceError(f"line {node.lineno}: write `{alias.name} as {alias.name}`")
    if alias.name in places:
        raise FaceError(f"line {node.lineno}: `{alias.name}` is exported twice")
    if node.module is not None and "." not in node.module and node.module == alias.name:
        raise FaceError(f"line {node.lineno}: the module `{node.module}` has the name of what it exports")
    places[alias.name] = node.module or alias.name


def literal_face(source: str, stub: str) -> str:
    """The text of an `__init__.py` that does what the lazy face `source` does with `stub`. Raises `FaceError`."""
    if not is_lazy_face(source):
        raise FaceError("this is no lazy face")
    places = stub_places(stub)
    docstring = ast.get_docstring(ast.parse(source), clean=False)
    return _TEMPLATE.format(
        docstring=f"{docstring!a}\n" if docstring else "",
        rows="".join(f'    "{name} {place} "\n' for name, place in places.items()) or '    ""\n',
    )
