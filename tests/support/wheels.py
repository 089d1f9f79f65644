"""Minimal pure-Python wheels and local package indexes, written with the standard library alone."""

import base64
import hashlib
import re
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

_EPOCH = (2020, 1, 1, 0, 0, 0)


def write_wheel(
    directory: Path,
    name: str,
    version: str,
    *,
    requires: Sequence[str] = (),
    python: str = ">=3.8",
    scripts: Mapping[str, str] | None = None,
    files: Mapping[str, str] | None = None,
    tag: str = "py3-none-any",
) -> Path:
    """Write a wheel that holds one package named like the project, and `files` beside it. Same input, same bytes."""
    module = re.sub(r"[-_.]+", "_", name).lower()
    info = f"{module}-{version}.dist-info"
    content = {
        f"{module}/__init__.py": f'__version__ = "{version}"\n\n\ndef main():\n    print("{name} {version}")\n',
        **(files or {}),
        f"{info}/METADATA": _metadata(name, version, requires, python),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: comfydock-tests\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    if scripts:
        lines = "".join(f"{script} = {target}\n" for script, target in scripts.items())
        content[f"{info}/entry_points.txt"] = f"[console_scripts]\n{lines}"
    content[f"{info}/RECORD"] = "".join(_recorded(*item) for item in content.items()) + f"{info}/RECORD,,\n"
    directory.mkdir(parents=True, exist_ok=True)
    wheel = directory / f"{module}-{version}-{tag}.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in content.items():
            archive.writestr(zipfile.ZipInfo(path, _EPOCH), text)
    return wheel


def write_index(directory: Path) -> None:
    """Make `directory` a PEP 503 index of the wheels in its project directories (`<directory>/<project>/*.whl`)."""
    projects = sorted(path for path in directory.iterdir() if path.is_dir())
    for project in projects:
        links = "".join(_link(wheel) for wheel in sorted(project.glob("*.whl")))
        (project / "index.html").write_text(f"<!DOCTYPE html><html><body>\n{links}</body></html>\n")
    names = "".join(f'<a href="{project.name}/">{project.name}</a><br>\n' for project in projects)
    (directory / "index.html").write_text(f"<!DOCTYPE html><html><body>\n{names}</body></html>\n")


def add_to_index(index: Path, name: str, version: str, **options: object) -> Path:
    """Write a wheel where `write_index` looks for it. `options` are those of `write_wheel`."""
    project = re.sub(r"[-_.]+", "-", name).lower()
    return write_wheel(index / project, name, version, **options)  # type: ignore[arg-type]


def _recorded(path: str, text: str) -> str:
    content = text.encode()
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
    return f"{path},sha256={digest},{len(content)}\n"


def _metadata(name: str, version: str, requires: Sequence[str], python: str) -> str:
    lines = "".join(f"Requires-Dist: {requirement}\n" for requirement in requires)
    return f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nRequires-Python: {python}\n{lines}"


def _link(wheel: Path) -> str:
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return f'<a href="{wheel.name.replace("+", "%2B")}#sha256={digest}">{wheel.name}</a><br>\n'
