"""What the mirrors of repositories are called."""

import hashlib
import re

from comfydock_core.models.addresses import without_credentials
from comfydock_core.utils.git_urls import normal_address

MIRROR = ".git"
_SLUG = 60


def mirror_path(directory: str, repository: str) -> str:
    """Where the mirror of a repository is or would be, among those in a directory."""
    return f"{directory}/{mirror_key(repository)}{MIRROR}"


def mirror_key(repository: str) -> str:
    """A name for the mirror: readable, and the same for every spelling of an address and for any credentials."""
    address = normal_address(without_credentials(repository))
    words = re.sub(r"[^a-z0-9]+", "-", "-".join(address.lower().split("/")[-2:])).strip("-")
    return f"{words[-_SLUG:].strip('-')}-{hashlib.sha256(address.encode()).hexdigest()[:12]}"
