"""uv's surroundings: each of its variables and settings, and what ComfyDock does about it.

Most are the user's and are passed on. Some would lead uv to another project, interpreter or directory than the one it
is asked about: those are meant for the user's own work and are left out. Some would decide about packages without the
definition knowing, or stop uv in words that name nothing of it: those are refused by their names. Paths count from
where the user stands, while uv is started elsewhere: they are made absolute.
"""

import os
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import PurePath

from comfydock_core.integrations import git_options
from comfydock_core.models.exceptions import FileSystemError, InvalidSetting
from comfydock_core.utils import native

OFFLINE = "UV_OFFLINE"  # The variable that turns uv's network off.

# Set for every call, whatever the user has.
_SET = ("UV_PROJECT_ENVIRONMENT", "UV_CACHE_DIR", "UV_PYTHON_INSTALL_DIR", "UV_LINK_MODE")

# Left out: which project, interpreter, directory, groups and builds is said by each call.
_LEFT_OUT = frozenset(
    {
        "UV_BREAK_SYSTEM_PACKAGES",
        "UV_DEV",
        "UV_FROZEN",
        "UV_ISOLATED",
        "UV_LOCKED",
        "UV_NO_DEFAULT_GROUPS",
        "UV_NO_DEV",
        "UV_NO_EDITABLE",
        "UV_NO_GROUP",
        "UV_NO_INSTALL_LOCAL",
        "UV_NO_INSTALL_PROJECT",
        "UV_NO_INSTALL_WORKSPACE",
        "UV_NO_PROJECT",
        "UV_NO_SOURCES",
        "UV_NO_SOURCES_PACKAGE",
        "UV_NO_SYNC",
        "UV_NO_VERIFY_HASHES",  # What was locked with a hash is checked against it.
        "UV_ONLY_INSTALL_LOCAL",
        "UV_ONLY_INSTALL_PROJECT",
        "UV_ONLY_INSTALL_WORKSPACE",
        "UV_PROJECT",
        "UV_PYTHON",
        "UV_SHOW_RESOLUTION",
        "UV_SYSTEM_PYTHON",
        "UV_TORCH_BACKEND",
        "UV_VENV_CLEAR",
        "UV_VENV_RELOCATABLE",
        "UV_VENV_SEED",
        "UV_WORKING_DIR",
        "UV_WORKING_DIRECTORY",
        "VIRTUAL_ENV",
    }
)

_LIMITS = "`comfydock constraint add` limits versions for everybody who gets the definition"
_IN_MANIFEST = "`{}` under `[tool.uv]` in the manifest does it for everybody who gets the definition"

# Refused, and what to do instead.
_REFUSED = {
    "UV_BUILD_CONSTRAINT": _IN_MANIFEST.format("build-constraint-dependencies"),
    "UV_CONSTRAINT": _LIMITS,
    "UV_EXCLUDE": _IN_MANIFEST.format("exclude-dependencies"),
    "UV_OVERRIDE": _IN_MANIFEST.format("override-dependencies"),
}

# Passed on with their paths made absolute, and what stands between several.
_PATHS = {
    "SSL_CERT_DIR": None,
    "SSL_CERT_FILE": None,
    "SSL_CLIENT_CERT": None,
    "UV_CONFIG_FILE": None,
    "UV_CREDENTIALS_DIR": None,
    "UV_DEFAULT_INDEX": None,
    "UV_EXTRA_INDEX_URL": " ",
    "UV_FIND_LINKS": ",",
    "UV_INDEX": " ",
    "UV_INDEX_URL": None,
    "UV_PYTHON_CACHE_DIR": None,
}

# Passed on as they are: how uv works, and with what it resolves.
_PASSED = frozenset(
    {
        "UV_COMPILE_BYTECODE",
        "UV_CUSTOM_COMPILE_COMMAND",
        "UV_EXCLUDE_NEWER",
        "UV_FORK_STRATEGY",
        "UV_INDEX_STRATEGY",
        "UV_INSECURE_HOST",
        "UV_KEYRING_PROVIDER",
        "UV_MANAGED_PYTHON",
        "UV_NO_BINARY",
        "UV_NO_BINARY_PACKAGE",
        "UV_NO_BUILD",
        "UV_NO_BUILD_ISOLATION",
        "UV_NO_BUILD_PACKAGE",
        "UV_NO_CACHE",
        "UV_NO_CONFIG",
        "UV_NO_MANAGED_PYTHON",
        "UV_NO_PROGRESS",
        OFFLINE,
        "UV_PRERELEASE",
        "UV_REQUIRE_HASHES",
        "UV_RESOLUTION",
        "UV_SYSTEM_CERTS",
    }
)

REVIEWED = frozenset({*_SET, *_LEFT_OUT, *_REFUSED, *_PATHS, *_PASSED})

# Settings of `[pip]` in a `uv.toml` that no option of a call can take back, and that would install something else, or
# elsewhere, or unchecked.
_REFUSED_SETTINGS = frozenset(
    {
        "all-extras",
        "extra",
        "no-deps",
        "no-emit-package",
        "no-verify-hashes",
        "prefix",
        "python-platform",
        "python-version",
        "target",
        "torch-backend",
    }
)
_REGISTRY = re.compile(r'^source = \{ registry = "([^"]+)" \}$', re.MULTILINE)
_NAMED = re.compile(r"[A-Za-z0-9_-]+=", re.ASCII)


def uv_environment(
    own: Mapping[str, str], *, venv: str, cache: str, python_installs: str, offline: bool
) -> dict[str, str]:
    """`own` with uv's directories inside the workspace. The link mode is the user's if they chose one.

    Raises `FileSystemError` for a path that starts where the shell stands when that directory is gone.
    """
    variables = {key: value for key, value in own.items() if key not in _LEFT_OUT}
    for name, separator in _PATHS.items():
        if variables.get(name):
            variables[name] = _absolute(name, variables[name], separator)
    variables.setdefault("UV_LINK_MODE", "hardlink")
    variables |= {
        "UV_PROJECT_ENVIRONMENT": venv,
        "UV_CACHE_DIR": cache,
        "UV_PYTHON_INSTALL_DIR": python_installs,
        "NO_COLOR": "1",
    }
    if offline:
        variables[OFFLINE] = "1"
    return {**variables, **git_options.variables_for_children(variables)}  # Packages may come from git.


def reaching_loopback(variables: Mapping[str, str]) -> dict[str, str]:
    """`variables` under which uv gets files from this machine, whatever is said of the network and of proxies."""
    direct = ",".join(filter(None, (variables.get("NO_PROXY") or variables.get("no_proxy"), "127.0.0.1")))
    return {
        **{name: value for name, value in variables.items() if name != OFFLINE},
        "NO_PROXY": direct,
        "no_proxy": direct,
    }


def refuse_surroundings(own: Mapping[str, str]) -> None:
    """Raise `InvalidSetting` for a variable, or a setting in a `uv.toml`, that decides what only the definition may."""
    for name, instead in _REFUSED.items():
        if own.get(name):
            raise InvalidSetting(
                f"{name} is set: it would decide about packages without the definition knowing",
                hint=f"unset {name}; {instead}",
                context={"variable": name},
            )
    without = "unset UV_CONFIG_FILE" if own.get("UV_CONFIG_FILE") else "set UV_NO_CONFIG=1"
    for path in _settings_files(own):
        for key in _refused_in(path):
            raise InvalidSetting(
                f"`{path}` sets `{key}` under `[pip]`: packages would not be installed as they are locked",
                hint=f"take it out of that file, or {without}, so that uv does not read it",
                context={"file": path, "setting": key},
            )


def keeping_the_day(variables: Mapping[str, str], manifest: str) -> dict[str, str]:
    """`variables` under which no package is newer than the day of the manifest also where uv reads no settings.

    With `UV_NO_CONFIG` it passes over the project's `exclude-newer`, but not over what else the definition is made of.
    """
    if not is_on(variables.get("UV_NO_CONFIG")):
        return dict(variables)
    try:
        project: object = tomllib.loads((native.read_bytes(manifest) or b"").decode("utf-8"))
    except (OSError, ValueError, RecursionError):
        return dict(variables)  # uv names what is wrong with it.
    for key in ("tool", "uv", "exclude-newer"):
        project = project.get(key) if isinstance(project, dict) else None
    return {**variables, "UV_EXCLUDE_NEWER": project} if isinstance(project, str) else dict(variables)


def knowing_locked_indexes(variables: Mapping[str, str], lock: str) -> dict[str, str]:
    """`variables` under which the indexes that a `uv.lock` names are known, too.

    uv takes a lock for outdated when it names an index that is not configured. What is locked is fetched by address,
    so that only resolving needs to be told of the indexes.
    """
    content = native.read_bytes(lock) or b""
    found = locked_indexes(content.decode("utf-8", "replace"))
    indexes = [PurePath(one).as_uri() if os.path.isabs(one) else one for one in found if not one.startswith(".")]
    given = variables.get("UV_INDEX", "").split()
    return {**variables, "UV_INDEX": " ".join([*given, *indexes])} if indexes else dict(variables)


def locked_indexes(lock: str) -> list[str]:
    """The indexes that the text of a `uv.lock` takes packages from: addresses, and directories."""
    return list(dict.fromkeys(_REGISTRY.findall(lock)))


def _absolute(name: str, value: str, separator: str | None) -> str:
    parts = value.split(separator) if separator else [value]
    return (separator or "").join(_absolute_place(name, part) for part in parts if part)


def _absolute_place(variable: str, text: str) -> str:
    """A path made absolute; an address stays as it is. An index may have a name before it."""
    named = _NAMED.match(text) if variable in ("UV_INDEX", "UV_DEFAULT_INDEX") else None
    label, place = (named[0], text[named.end() :]) if named else ("", text)
    if "://" in place or os.path.isabs(place):
        return text
    try:
        return label + os.path.abspath(os.path.expanduser(place))
    except FileNotFoundError as error:
        raise FileSystemError(
            f"{variable} is `{text}`, which starts at a directory that does not exist any more",
            hint="change to a directory that exists, or give the whole path",
            context={"variable": variable},
        ) from error


def is_on(value: str | None) -> bool:
    """Whether uv takes what a variable says for yes."""
    return (value or "").lower() in ("1", "true", "t", "yes", "y", "on")


def _settings_files(own: Mapping[str, str]) -> Iterator[str]:
    """The files of settings that uv reads beside the project's own. One that is named is read in any case."""
    if own.get("UV_CONFIG_FILE"):
        yield _absolute_place("UV_CONFIG_FILE", own["UV_CONFIG_FILE"])
        return
    if is_on(own.get("UV_NO_CONFIG")):
        return
    if sys.platform == "win32":
        roots = [own.get("APPDATA"), own.get("PROGRAMDATA")]
    else:
        home = own.get("HOME")
        roots = [own.get("XDG_CONFIG_HOME") or (f"{home}/.config" if home else None)]
        roots += (own.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(":")
        roots.append("/etc")
    yield from (f"{root}/uv/uv.toml" for root in roots if root)


def _refused_in(path: str) -> Iterator[str]:
    """What cannot be read here is uv's to judge: it names the file."""
    try:
        settings: object = tomllib.loads((native.read_bytes(path) or b"").decode("utf-8"))
    except (OSError, ValueError, RecursionError):
        return
    pip = settings.get("pip") if isinstance(settings, dict) else None
    if isinstance(pip, dict):
        # Turned off is as good as not there.
        yield from (key for key in sorted(_REFUSED_SETTINGS & pip.keys()) if pip[key] not in (False, [], ""))
