"""Noting what was installed, and from what, for `status` and for the next installation."""

import json
import os

from comfydock_core.analyzers.packages.shared_files import contested_files
from comfydock_core.configs.environment_layout import part_path
from comfydock_core.repositories import install_record
from comfydock_core.repositories.definition.manifest_reader import read_manifest
from comfydock_core.utils import native
from comfydock_core.utils.files import atomic

_MOST = 1000  # More of them would say nothing else.


def write_record(definition: str, venv: str, backend: str) -> None:
    """Note what is installed in `venv` now and what it was installed from. Raises `ManifestDamaged`, `OSError`.

    The list of distributions comes last: without it there is no record.
    """
    directory = install_record.record_directory(venv)
    os.makedirs(directory, exist_ok=True)
    for name in ("uv.lock", "pyproject.toml"):
        with open(f"{definition}/{name}", encoding="utf-8", newline="") as file:
            atomic.write_text(f"{directory}/{name}", file.read())
    # Dates, which JSON does not have, become text: nothing that the fast path looks at is one.
    manifest = json.dumps(read_manifest(f"{definition}/pyproject.toml"), default=str)
    atomic.write_text(f"{directory}/pyproject.json", manifest)
    part = native.read_bytes(part_path(definition, backend)) or b""
    atomic.write_text(f"{directory}/{install_record.PART}", part.decode("utf-8", "surrogateescape"))
    atomic.write_text(f"{directory}/{install_record.BACKEND}", f"{backend}\n")
    site_packages = install_record.site_packages(venv)
    contested = contested_files(site_packages) if site_packages else {}
    lines = "".join(f"{path}: {' and '.join(names)}\n" for path, names in sorted(contested.items())[:_MOST])
    atomic.write_text(f"{directory}/{install_record.CONTESTED}", lines)
    installed = install_record.installed_distributions(site_packages) if site_packages else []
    atomic.write_text(f"{directory}/{install_record.DISTRIBUTIONS}", "".join(f"{name}\n" for name in installed))
