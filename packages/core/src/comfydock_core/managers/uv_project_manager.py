"""`UVProjectManager`: the lock and the virtual environment of one environment."""

import json
import os
import re
from collections.abc import Callable

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.integrations.uv_command import UVCommand
from comfydock_core.models.protocols import Reporter
from comfydock_core.repositories import install_record
from comfydock_core.repositories.manifest_reader import read_manifest
from comfydock_core.utils import atomic

_FETCHED = re.compile(r"\s*(?:Downloaded|Built) (\S+)")


class UVProjectManager:
    """Locks and installs through uv. The methods raise what `UVCommand` raises, and `OSError`."""

    def __init__(self, layout: EnvironmentLayout, uv: UVCommand) -> None:
        self._layout = layout
        self._uv = uv

    def create_venv(self, python: str, reporter: Reporter) -> None:
        """Make an empty virtual environment, movable, replacing one that is there."""
        self._uv.create_venv(python, reporter.line)

    def lock(self, reporter: Reporter) -> None:
        """Resolve the manifest into `uv.lock`."""
        self._uv.lock(reporter.line)

    def install(self, reporter: Reporter) -> None:
        """Install what the lock says and note what was installed.

        Only for a new virtual environment that nothing runs from: uv cannot change a live one safely.
        """
        self._uv.sync_frozen(_counting(reporter))
        self.write_record()

    def write_record(self) -> None:
        """Note what is installed now and what it was installed from, for `status`."""
        directory = install_record.record_directory(self._layout.venv)
        os.makedirs(directory, exist_ok=True)
        for name in ("uv.lock", "pyproject.toml"):
            with open(f"{self._layout.definition}/{name}", encoding="utf-8", newline="") as file:
                atomic.write_text(f"{directory}/{name}", file.read())
        # Dates, which JSON does not have, become text: nothing that the fast path looks at is one.
        manifest = json.dumps(read_manifest(self._layout.manifest), default=str)
        atomic.write_text(f"{directory}/pyproject.json", manifest)
        site_packages = install_record.site_packages(self._layout.venv)
        installed = install_record.installed_distributions(site_packages) if site_packages else []
        atomic.write_text(f"{directory}/distributions", "".join(f"{name}\n" for name in installed))


def _counting(reporter: Reporter) -> Callable[[str], None]:
    """Pass uv's lines on and count the packages that it has fetched."""
    done = 0

    def hear(line: str) -> None:
        nonlocal done
        reporter.line(line)
        if _FETCHED.match(line):
            done += 1
            reporter.progress("Fetched", done, None, "packages")

    return hear
