"""What speaks for a node pack, in points and in words.

What the nodes say of their origin outweighs all lists, and the lists' own word what is only likely. The points of the
latter were set by what they tell of saved workflows whose origin is known (see `AUTO_MARGIN`).
"""

import math
import time

from comfydock_core.models.packs.node_data import REFUSALS, KnownPack
from comfydock_core.models.workflow.candidates import Reason

# What the node itself says.
NAMED = 50.0  # `cnr_id` names a pack that is known, by its identifier or an older one.
NAMED_UNKNOWN = 25.0  # `cnr_id` or `aux_id` name what no list has: a private pack, one that is gone, or a fork.
SAME_NAME = 20.0  # A repository of the same name under another owner: it moved, or is a fork.
SAVED_VERSION = 3.0  # The registry has the version that it was saved with.
# What the lists say.
LISTED = 20.0
SIGNATURE = 15.0
CLAIMED = 15.0  # The Manager notes claims only where several packs fight over a class.
ANCHORED_PATTERN, LOOSE_PATTERN = 12.0, 4.0
NOT_LISTED = -10.0  # The lists know other classes of it, and this one of others: the node may say a wrong origin.
# What the rest of the workflow says.
NEIGHBOUR_NAMED = 15.0  # Other nodes were saved with it, so the author had it.
NEIGHBOUR_MOST = 16.0
# What tells an original from copies.
COPIER_MOST = -24.0
STARS_EACH_TENFOLD = 6.0
OLD_MOST = -3.0
# What is here.
DEFINES = 60.0
MAY_DEFINE = 10.0  # It is here, and its code does not tell before it runs.
DOES_NOT_DEFINE = -15.0
REFUSED = -15.0

_YEAR = 365.25 * 24 * 3600
_OLD_AFTER, _OLDEST_AFTER = 2.0, 4.0  # Years before the list was made.


def copier(pack: KnownPack) -> Reason | None:
    """A pack of whose classes most are at home elsewhere. Few shared names are nothing: there are common ones."""
    if pack.copied < 2 or not pack.classes:
        return None
    share = pack.copied / pack.classes
    return Reason(
        "copies",
        f"{pack.copied} of the {pack.classes} classes that it lists are from {pack.copied_from}"
        f" better known {'pack' if pack.copied_from == 1 else 'packs'}",
        COPIER_MOST * share,
    )


def stars(pack: KnownPack) -> Reason | None:
    if not pack.stars:
        return None
    words = "1 star" if pack.stars == 1 else f"{pack.stars:,} stars"
    return Reason("stars", words, STARS_EACH_TENFOLD * math.log10(1 + pack.stars))


def age(pack: KnownPack, newest: float) -> Reason | None:
    """A pack that nobody changed for years, seen from the newest change among the candidates."""
    if pack.updated is None:
        return None
    years = (newest - pack.updated) / _YEAR
    if years <= _OLD_AFTER:
        return None
    share = min((years - _OLD_AFTER) / (_OLDEST_AFTER - _OLD_AFTER), 1.0)
    month = time.strftime("%Y-%m", time.gmtime(pack.updated))
    return Reason("age", f"last changed in {month}", OLD_MOST * share)


def refusal(pack: KnownPack) -> Reason | None:
    if pack.refusal is None:
        return None
    return Reason("refused", f"it cannot be added: {REFUSALS.get(pack.refusal, pack.refusal)}", REFUSED)


def neighbours(support: float, listed: int, all_classes: int) -> Reason | None:
    """The other classes of the workflow that a pack has; one that nobody else has counts more than a common one."""
    if listed == 0:
        return None
    return Reason(
        "workflow",
        f"it also has {listed} of the other {all_classes} classes of this workflow that ComfyUI does not have",
        min(NEIGHBOUR_MOST, 6.0 * math.log2(1 + support)),
    )
