"""What somebody asked for: requirements, addresses, folders, and files of requirements."""

import os
from collections.abc import Iterator

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.models.addresses import without_credentials_in
from comfydock_core.models.exceptions import InvalidSetting, RequirementInvalid
from comfydock_core.models.packages.python_packages import PackageRequest
from comfydock_core.records import record
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.validation.requirement_lines import decoded
from comfydock_core.validation.requirements import OptionLine, RefusedLine, invalid, read_line, read_lines

_BUILDABLE = ("pyproject.toml", "setup.py", "setup.cfg")
_ARCHIVES = (".whl", ".zip", ".tar.gz", ".tar.bz2", ".tgz")
_PATHS = (".", "/", "~", "\\")
# Lines that bring more requirements with them: without these the file would not say what it says.
_BRINGING = ("-r", "--requirement", "-c", "--constraint", "-e", "--editable")


@record
class Wanted:
    """What uv is given. The `name` of what lies in a folder or a file on this machine is only known to uv."""

    text: str
    name: str | None


def read_request(request: PackageRequest, layout: EnvironmentLayout) -> tuple[list[Wanted], list[str]]:
    """What a request asks for, and what of its file is not followed.

    Raises `InvalidSetting` for a word that is not a requirement, `RequirementInvalid` for a line of the file,
    `FileSystemError`.
    """
    if request.file is not None:
        return _of_file(os.path.abspath(os.path.join(request.directory, os.path.expanduser(request.file))))
    wanted = [_of_word(word, request, layout) for word in request.words]
    return wanted, [_of_this_machine(one.text) for one in wanted if os.path.isabs(one.text)]


def _of_word(word: str, request: PackageRequest, layout: EnvironmentLayout) -> Wanted:
    if request.editable and "://" in word:
        raise _refused(word, "only a folder on this machine can be editable")
    if request.editable or _is_path(word):
        return Wanted(_path(word, request, layout), None)
    line = read_line(word.strip(), 0)
    if isinstance(line, RefusedLine):
        raise _refused(word, line.reason)
    return Wanted(line.text, line.name)


def _refused(word: str, why: str) -> InvalidSetting:
    shown, reason = without_credentials_in(word), without_credentials_in(why.partition("\n")[0])
    return InvalidSetting(
        f"`{shown}` is not a requirement that can be locked: {reason}",
        hint='for example `comfydock py add "einops>=0.8"`',
        context={"requirement": shown, "reason": reason},
    )


def _is_path(word: str) -> bool:
    if "://" in word or " @" in word:
        return False
    return word.startswith(_PATHS) or word.endswith(_ARCHIVES) or os.sep in word


def _path(word: str, request: PackageRequest, layout: EnvironmentLayout) -> str:
    """A folder or a file as the manifest is to have it: below ComfyUI by its way from there, else whole.

    Definitions are tried and locked in copies elsewhere, where any other way would lead astray.
    """
    path = os.path.abspath(os.path.join(request.directory, os.path.expanduser(word)))
    reason = _unusable(path, request.editable)
    if reason is not None:
        raise InvalidSetting(
            f"`{path}` {reason}",
            hint="name a folder with a Python project in it" + ("" if request.editable else ", a wheel or an archive"),
            context={"path": path},
        )
    within = f"{layout.comfyui}{os.sep}"
    return f"../ComfyUI/{path.removeprefix(within)}" if path.startswith(within) else path


def _of_this_machine(path: str) -> str:
    return f"`{path}` is a place on this machine: whoever receives the definition needs it there, too"


def _unusable(path: str, editable: bool) -> str | None:
    if os.path.isdir(path):
        return None if any(os.path.isfile(f"{path}/{name}") for name in _BUILDABLE) else "holds no Python project"
    if not os.path.isfile(path):
        return "is not there"
    if editable:
        return "is not a folder, so it cannot be editable"
    return None if path.endswith(_ARCHIVES) else "is neither a wheel nor an archive"


def _of_file(path: str) -> tuple[list[Wanted], list[str]]:
    with disk_errors("read the requirements", path), open(path, "rb") as file:
        text = decoded(file.read())
    wanted: list[Wanted] = []
    notes: list[str] = []
    for line in read_lines(text):
        if isinstance(line, RefusedLine):
            raise invalid(line, path)
        if isinstance(line, OptionLine):
            notes += _of_option(line, path)
        else:
            wanted.append(Wanted(line.text, line.name))
            notes += [f"{path}:{line.line}: {note}" for note in line.notes]
    if not wanted:
        raise InvalidSetting(
            f"`{path}` requests no package", hint="name packages, or another file", context={"path": path}
        )
    return wanted, notes


def _of_option(line: OptionLine, path: str) -> Iterator[str]:
    shown = without_credentials_in(line.text)
    if line.text.startswith(_BRINGING):
        raise RequirementInvalid(
            f"`{path}`, line {line.line}, leads elsewhere: {shown!r}",
            hint="give what it leads to by itself, and leave the line out",
            context={"file": path, "line": line.line, "text": shown},
        )
    yield f"{path}:{line.line}: `{shown}` is not followed"
