"""What becomes of everything that `adopt` found: in a few lines, and in full for `--json`."""

from collections import Counter

from comfydock_core.models.environments.adoption import (
    COMFYUI,
    COPIED,
    LEFT_OUT,
    OWN,
    REQUIRED,
    AdoptionAccount,
    PackageFate,
    PackFate,
    RootFate,
)
from comfydock_core.models.environments.installation import FoundPack, Installation
from comfydock_core.utils.text import counted, size_text

_SOURCES = {"git": "from git", "registry": "from the registry", "development": "in development"}


def account_text(account: AdoptionAccount) -> str:
    """How many of everything are taken over, and in which way."""
    lines = [f"  node packs: {_about_packs(account.packs)}", f"  packages: {_about_packages(account)}"]
    if account.models:
        lines.append(f"  models: {_about_models(account.models)}")
    return "".join(f"{line}\n" for line in lines)


def account_data(account: AdoptionAccount, found: Installation) -> dict[str, object]:
    """Everything, each with what becomes of it and why."""
    packs = {pack.path: pack for pack in found.packs}
    return {
        "packs": [_pack_data(fate, packs.get(f"{found.comfyui}/custom_nodes/{fate.place}")) for fate in account.packs
                  if fate.fate != COMFYUI],
        "packages": [_package_data(fate) for fate in account.packages],
        "packages_resolved": account.settled,
        "models": [_root_data(fate) for fate in account.models],
    }  # fmt: skip


def _about_packs(fates: tuple[PackFate, ...]) -> str:
    tracked = [fate for fate in fates if fate.pack is not None]
    sources = Counter(fate.pack.release.source for fate in tracked if fate.pack is not None)
    parts = [f"{sources[source]} {words}" for source, words in _SOURCES.items() if sources[source]]
    if off := sum(not fate.enabled for fate in tracked):
        parts.append(f"{off} of them turned off")
    for fate, words in ((COPIED, "copied without being tracked"), (LEFT_OUT, "left out")):
        if number := sum(each.fate == fate for each in fates):
            parts.append(f"{number} {words}")
    return ", ".join(parts) or "none"


def _about_packages(account: AdoptionAccount) -> str:
    fates = Counter(fate.fate for fate in account.packages)
    own = "kept as your own" if account.settled else "to be kept as your own, where an index has them"
    parts = ((REQUIRED, "asked for by ComfyUI and node packs"), (OWN, own), (LEFT_OUT, "left out"))
    return ", ".join(f"{fates[fate]} {words}" for fate, words in parts if fates[fate]) or "none are installed"


def _about_models(fates: tuple[RootFate, ...]) -> str:
    files = counted(sum(fate.files for fate in fates), "file")
    size = size_text(sum(fate.bytes for fate in fates))
    return f"{files}, {size}, in {counted(len(fates), 'place')}; none is moved or copied"


def _pack_data(fate: PackFate, pack: FoundPack | None) -> dict[str, object]:
    release = fate.pack.release if fate.pack is not None else None
    checkout = pack.checkout if pack is not None else None
    return {
        "name": pack.name if pack is not None else fate.place,
        "place": fate.place,
        "kind": fate.kind,
        "fate": fate.fate,
        "target": fate.target,
        "identifier": release.identifier if release is not None else None,
        "source": release.source if release is not None else None,
        "enabled": fate.enabled,
        "registry_id": pack.registry_id if pack is not None else None,
        "version": pack.version if pack is not None else None,
        "commit": checkout.commit if checkout is not None else None,
        "repository": checkout.remote if checkout is not None else None,
        "linked_to": pack.linked_to if pack is not None else None,
        "requirements": list(fate.pack.requirements) if fate.pack is not None else [],
        "notes": [*fate.notes, *fate.about_requirements],
    }


def _package_data(fate: PackageFate) -> dict[str, object]:
    return {"name": fate.name, "version": fate.version, "fate": fate.fate, "requirement": fate.requirement,
            "now": fate.now, "reason": fate.reason, "advice": fate.advice}  # fmt: skip


def _root_data(fate: RootFate) -> dict[str, object]:
    return {"path": fate.path, "told_by": fate.told_by, "folders": list(fate.folders), "files": fate.files,
            "bytes": fate.bytes, "there": fate.there, "seen": fate.seen, "reason": fate.reason,
            "advice": fate.advice}  # fmt: skip
