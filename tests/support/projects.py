"""Python projects of one's own, as people have them in a folder."""

from pathlib import Path


def project(directory: Path, name: str, version: str = "1.0") -> Path:
    """A Python project with a back end that needs nothing from an index."""
    directory.mkdir(parents=True)
    (directory / "pyproject.toml").write_text(
        f'[project]\nname = "{name}"\nversion = "{version}"\n'
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    )
    module = name.replace("-", "_")
    (directory / f"{module}.py").write_text("here = True\n")
    (directory / "backend.py").write_text(
        "import os, zipfile\n"
        "def _wheel(place, files):\n"
        f"    name = '{module}-{version}-py3-none-any.whl'\n"
        f"    info = '{module}-{version}.dist-info'\n"
        "    files = {**files, f'{info}/METADATA': "
        f"'Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n',\n"
        "             f'{info}/WHEEL': 'Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\n"
        "Tag: py3-none-any\\n'}\n"
        "    record = ''.join(f'{path},,\\n' for path in files) + f'{info}/RECORD,,\\n'\n"
        "    with zipfile.ZipFile(os.path.join(place, name), 'w') as archive:\n"
        "        for path, text in {**files, f'{info}/RECORD': record}.items():\n"
        "            archive.writestr(path, text)\n"
        "    return name\n"
        "def build_wheel(place, config_settings=None, metadata_directory=None):\n"
        f"    return _wheel(place, {{'{module}.py': 'here = True\\n'}})\n"
        "def build_editable(place, config_settings=None, metadata_directory=None):\n"
        f"    return _wheel(place, {{'{module}.pth': os.path.dirname(os.path.abspath(__file__)) + '\\n'}})\n"
    )
    return directory
