"""ComfyDock itself: what is installed, and the releases that could be."""

from comfydock_core.records import record


@record
class Release:
    """One release for this kind of machine: its archive, the archive's SHA-256, and the place that has it.

    `place` is a directory or the address of one.
    """

    version: str
    archive: str
    sha256: str
    place: str


@record
class InstalledProgram:
    """What the installer put below `prefix`. `previous` is the version to go back to, if there is one."""

    prefix: str
    version: str
    previous: str | None
