"""What somebody wants of the Python packages, as an edit that can be tried on any copy of the definition."""

from collections.abc import Callable

from comfydock_core.core.services_bundle import EnvironmentServices
from comfydock_core.records import record


@record
class Wish:
    """`edit` changes the manifest of a copy; its second value says whether it may resolve, which costs the network.

    `names` are the packages that are new. `upgrade` are those that are not kept at the versions that are locked,
    `notes` are worth telling first.
    """

    edit: Callable[[EnvironmentServices, bool], None]
    names: frozenset[str] = frozenset()
    upgrade: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
