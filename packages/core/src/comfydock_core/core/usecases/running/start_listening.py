"""Listening to a start of ComfyUI: what it imported is kept, and what it died of is explained."""

import os
import re
import shlex
from collections import deque
from collections.abc import Iterable
from datetime import UTC, datetime

from comfydock_core.analyzers.import_report import ImportReportReader
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.models.exceptions import ComfyDockError
from comfydock_core.models.history.starts import StartReport
from comfydock_core.models.protocols import Reporter
from comfydock_core.repositories.definition.manifest_reader import read_manifest
from comfydock_core.repositories.definition.tracked_packs import tracked_packs, versions_by_directory
from comfydock_core.repositories.import_note import note_text
from comfydock_core.repositories.pack_release import pack_directories
from comfydock_core.repositories.start_reports import keep_report, key_of_files
from comfydock_core.utils.files import atomic

_LINES_OF_A_START = 20_000
# What ComfyUI says when it has started, whatever it said of its packs before.
_SERVES = re.compile(r"To see the GUI go to: |Starting server")
_LAST_LINES = 20
_MISSING = re.compile(r"^ModuleNotFoundError: No module named '(?P<module>[A-Za-z0-9_.]+)'")
# Packages whose modules have other names; the rest is named like its module.
_PACKAGES = {
    "cv2": "opencv-python-headless",
    "Crypto": "pycryptodome",
    "PIL": "pillow",
    "bs4": "beautifulsoup4",
    "dotenv": "python-dotenv",
    "fitz": "pymupdf",
    "git": "gitpython",
    "github": "pygithub",
    "google.protobuf": "protobuf",
    "serial": "pyserial",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}


class StartListener:
    """Hears the lines of one start, and keeps what ComfyUI says of its node packs as soon as it has said all."""

    def __init__(self, layout: EnvironmentLayout, workspace: WorkspaceLayout, reporter: Reporter) -> None:
        self._layout = layout
        self._workspace = workspace
        self._reporter = reporter
        self._reader: ImportReportReader | None = ImportReportReader()
        self._heard = 0
        self._last: deque[str] = deque(maxlen=_LAST_LINES)
        self._serves = False

    def line(self, text: str) -> None:
        """A line of its output."""
        self._last.append(text)
        if self._reader is None:
            return
        self._heard += 1
        self._serves = self._serves or bool(_SERVES.search(text))
        if self._reader.feed(text):
            self._keep()
        elif self._heard > _LINES_OF_A_START:
            self._reader = None

    def ended(self, code: int) -> str | None:
        """ComfyUI has ended: what to tell of it, if it died for want of a module."""
        self._serves = self._serves or code == 0  # Nothing ends well that was interrupted before its imports.
        if self._reader is not None:
            self._keep()
        module = missing_module(self._last) if code == 1 else None
        return None if module is None else told_of_missing(module, self._layout.name)

    def _keep(self) -> None:
        """What cannot be kept is reported, and is no reason to disturb a ComfyUI at work."""
        assert self._reader is not None
        report, self._reader = self._reader.report, None
        if report is None:
            if self._serves and pack_directories(self._layout.custom_nodes):
                self._keep_for_history(StartReport(_now(), understood=False))
            return
        self._keep_for_history(StartReport(_now(), understood=True, packs=report.packs))
        try:
            packs = tracked_packs(read_manifest(self._layout.manifest), self._layout.manifest).values()
            path = self._workspace.import_note(self._layout.name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            atomic.write_text(path, note_text(report, versions_by_directory(packs)))
        except (ComfyDockError, OSError) as error:
            self._reporter.warn(f"what ComfyUI imported could not be kept: {error}")

    def _keep_for_history(self, report: StartReport) -> None:
        """Keep what was said for the commits that have this definition."""
        try:
            key = key_of_files(self._layout.definition)
            if key is not None:
                keep_report(self._workspace.start_reports(self._layout.name), key, report)
        except OSError as error:
            self._reporter.warn(f"what ComfyUI reported could not be kept: {error}")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def missing_module(lines: Iterable[str]) -> str | None:
    """The module that the last error of a Python program names as missing, if it does."""
    found = [match["module"] for line in lines if (match := _MISSING.match(line.strip()))]
    return found[-1] if found else None


def told_of_missing(module: str, environment: str) -> str:
    """What to do about a missing module."""
    package = _PACKAGES.get(module) or _PACKAGES.get(module.partition(".")[0]) or module.partition(".")[0]
    name = shlex.quote(environment)
    return (
        f"ComfyUI lacks the Python module `{module}`: `comfydock sync -e {name}` restores what is locked, and"
        f" `comfydock py add {package} -e {name}` adds the package that usually brings it; an older ComfyUI may need"
        " the packages of its time: `comfydock create NAME --comfyui VERSION --as-of release`"
    )
