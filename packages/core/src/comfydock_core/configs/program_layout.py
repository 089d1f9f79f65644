"""Where things lie below the prefix of an installed program: names only, nothing is looked at.

The installer of a release makes the same: `build/install/install.sh`.
"""

from comfydock_core.records import record

COMMANDS = ("comfydock", "cfd")
# What the target of a link of the installer holds.
THROUGH_CURRENT = "/lib/comfydock/current/"
# Versions that are being made; a version in its place begins with a digit.
BEING_MADE = ".new."


@record
class ProgramLayout:
    """The paths of one installation, as text."""

    prefix: str

    @property
    def versions(self) -> str:
        return f"{self.prefix}/lib/comfydock"

    @property
    def current(self) -> str:
        """A link to the version in use; replacing it is the one step that installs another."""
        return f"{self.prefix}/lib/comfydock/current"

    @property
    def previous(self) -> str:
        """A link to the version before it, if there is one."""
        return f"{self.prefix}/lib/comfydock/previous"

    @property
    def made(self) -> str:
        """The directories that the installation made, one a line."""
        return f"{self.prefix}/lib/comfydock/made"

    @property
    def bin(self) -> str:
        return f"{self.prefix}/bin"

    @property
    def share(self) -> str:
        """Completions and manual pages, links through `current`."""
        return f"{self.prefix}/share"
