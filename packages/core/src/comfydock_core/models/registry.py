"""What the Comfy registry says of node packs."""

from comfydock_core.records import record

ACTIVE = "active"
PENDING = "pending"
FLAGGED = "flagged"
BANNED = "banned"
DELETED = "deleted"


@record
class RegistryVersion:
    """One published version of a pack.

    `status` is the registry's without its prefix, in lower case; one that the registry leaves out counts as `active`.
    `dependencies` are requirements as its author published them.
    """

    version: str
    status: str = ACTIVE
    deprecated: bool = False
    download_url: str | None = None
    changelog: str = ""
    dependencies: tuple[str, ...] = ()
    created_at: str | None = None

    @property
    def refusal(self) -> str | None:
        """Why it should not be installed, to be read after "this version"; `None` when nothing speaks against it."""
        reasons = {
            FLAGGED: "was flagged by the registry as possibly harmful",
            BANNED: "was banned by the registry",
            DELETED: "was deleted by its author",
        }
        return reasons.get(self.status) or ("is deprecated by its author" if self.deprecated else None)


@record
class RegistryNode:
    """One pack. `status` is as in `RegistryVersion`; `latest` is what the registry itself calls its latest version."""

    identifier: str
    name: str
    status: str = ACTIVE
    description: str = ""
    author: str = ""
    publisher: str = ""
    license: str = ""
    repository: str | None = None
    tags: tuple[str, ...] = ()
    downloads: int | None = None
    latest: RegistryVersion | None = None
