"""A definition that is to take the place of an environment's, and what that means for its packages."""

from collections.abc import Mapping

from comfydock_core.models.packages.syncing import PackageChanges
from comfydock_core.records import record


@record
class Redefinition:
    """What changes in a definition.

    `files` are those that change, by their path in `.cec`; `None` is a file that goes. `relock` says that the locks are
    made only when it is carried out, untried; otherwise they are among the files, and `packages` is what changes in the
    lock of all packages, whatever the machine. `venv` is `keep`, `link` (a linked copy is brought up to date) or
    `fresh`, and `reason` says why. `named` are the packages that locks yet to be made may take from another index.
    """

    files: Mapping[str, bytes | None]
    relock: bool
    packages: PackageChanges
    backend: str
    python: str
    venv: str
    reason: str
    warnings: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
