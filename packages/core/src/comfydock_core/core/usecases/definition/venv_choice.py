"""Whether a virtual environment can stay, and otherwise how the next one is made."""

from collections.abc import Callable

from comfydock_core.analyzers.packages.virtual_environment import quick_check
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.utils import native

_DEFAULT_PYTHON = "3.11"


def judge_venv(layout: EnvironmentLayout, is_installed: Callable[[], bool]) -> tuple[str, str]:
    """`keep`, `link` (a linked copy can be brought up to date) or `fresh`, and the reason. Raises `OSError`."""
    check = quick_check(layout.venv)
    if check.faults:
        return "fresh", str(check.faults[0])
    if not check.relocatable:
        return "fresh", "it cannot be moved"
    if _python_changed(layout):
        return "fresh", f"Python {wanted_python(layout)} is wanted"
    return ("keep", "") if is_installed() else ("link", "packages differ from the lock")


def wanted_python(layout: EnvironmentLayout) -> str:
    """The version of Python that the definition asks for."""
    content = native.read_bytes(layout.python_version)
    return (content or b"").decode("utf-8", "replace").strip() or _DEFAULT_PYTHON


def _python_changed(layout: EnvironmentLayout) -> bool:
    """Whether the virtual environment is one of another minor version."""
    wanted = ".".join(wanted_python(layout).split(".")[:2])
    library = f"{layout.venv}/lib"
    found = native.list_names(library) if native.is_directory(library) else []
    return bool(found) and f"python{wanted}" not in found
