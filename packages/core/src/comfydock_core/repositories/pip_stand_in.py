"""A `pip` for virtual environments that are installed from a lock: it answers questions and changes nothing.

Node packs run `python -m pip` when ComfyUI loads them. Without the module they stop with words that help nobody; a real
pip would change packages that other environments share. The stand-in is not a distribution, so that neither uv nor
`status` sees it, and makes way for a real pip that is locked.
"""

import os
import shutil

from comfydock_core.repositories.install_record import installed_distributions, site_packages
from comfydock_core.utils import native
from comfydock_core.utils.files import atomic

_MARK = '"""Stands in for pip in an environment of ComfyDock, which installs exactly what is locked."""\n'

_MODULE = (
    _MARK
    + '''
import os
import sys

__version__ = "0"
_CHANGING = ("install", "uninstall", "download", "wheel", "lock")


def main(args=None):
    """Answer as pip would where nothing is changed; else say what to do, and return an exit code."""
    words = [str(word) for word in (sys.argv[1:] if args is None else args)]
    commands = [word for word in words if not word.startswith("-")]
    command = commands[0] if commands else ""
    if command in ("list", "freeze"):
        return _list(command, "--format=json" in words)
    if command == "show":
        return _show(commands[1:])
    if command == "check" or words in (["--version"], ["-V"]):
        print("No broken requirements found." if command else "pip %s (stand-in of ComfyDock)" % __version__)
        return 0
    return _refuse(command, commands[1:])


def _distributions():
    from importlib import metadata

    found = {(one.metadata["Name"] or ""): one for one in metadata.distributions()}
    return [found[name] for name in sorted(found, key=str.lower) if name]


def _list(command, as_json):
    pairs = [(one.metadata["Name"], one.version) for one in _distributions()]
    if as_json:
        import json

        print(json.dumps([{"name": name, "version": version} for name, version in pairs]))
    else:
        mark = "==" if command == "freeze" or "--format=freeze" in sys.argv else " "
        print("\\n".join(name + mark + version for name, version in pairs))
    return 0


def _show(names):
    wanted = {name.lower().replace("_", "-") for name in names}
    shown = [one for one in _distributions() if one.metadata["Name"].lower().replace("_", "-") in wanted]
    print("\\n---\\n".join("Name: %s\\nVersion: %s" % (one.metadata["Name"], one.version) for one in shown))
    return 0 if len(shown) == len(wanted) else 1


def _refuse(command, names):
    place = os.path.dirname(sys.prefix)
    environment = " -e " + os.path.basename(place)
    change = "remove" if command == "uninstall" else "add"
    said = " ".join(name for name in names if "/" not in name and not name.endswith(".txt")) or "PACKAGE"
    asked = " ".join(["pip", command]).strip()
    sys.stderr.write(
        "error: `%s` changes nothing here: this environment of ComfyDock has exactly the packages that are locked\\n"
        "hint: `comfydock py %s %s%s` changes them\\n" % (asked, change, said, environment)
    )
    return 1
'''
)
_FILES = {
    "__init__.py": _MODULE,
    "__main__.py": "import sys\n\nfrom pip import main\n\nsys.exit(main())\n",
    "_internal/__init__.py": "from pip import main\n",
    "_internal/cli/__init__.py": "",
    "_internal/cli/main.py": "from pip import main\n",
}


def put_stand_in(venv: str) -> None:
    """Put it where no real pip is. Raises `OSError`."""
    directory = site_packages(venv)
    if directory is None or os.path.lexists(f"{directory}/pip"):
        return
    if any(name.partition("-")[0] == "pip" for name in installed_distributions(directory)):
        return
    for path, text in _FILES.items():
        os.makedirs(os.path.dirname(f"{directory}/pip/{path}"), exist_ok=True)
        atomic.write_text(f"{directory}/pip/{path}", text)


def remove_stand_in(venv: str) -> None:
    """Make way for what is installed next. A real pip stays. Raises `OSError`."""
    directory = site_packages(venv)
    content = native.read_bytes(f"{directory}/pip/__init__.py") if directory is not None else None
    if content is not None and content.startswith(_MARK.encode()):
        shutil.rmtree(f"{directory}/pip")
