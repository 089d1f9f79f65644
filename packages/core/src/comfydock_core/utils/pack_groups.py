"""The names of the dependency groups of node packs. Format of ComfyDock 1.x."""

import hashlib
import re


def group_of_pack(name: str, key: str) -> str:
    """`<slug>-<8 digits>`: of the name, and of what tells packs of that name apart."""
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return f"{slug}-{hashlib.sha256(key.encode()).hexdigest()[:8]}"
