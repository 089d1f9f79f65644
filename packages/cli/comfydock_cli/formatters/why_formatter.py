"""Why something is in an environment, in words."""

from collections.abc import Sequence

from comfydock_core.models.packs.pack_needs import (
    NEEDED,
    UNNEEDED,
    Asker,
    ClassReason,
    Need,
    PackageReason,
    PackReason,
    Reasons,
)
from comfydock_core.utils.text import some

_ASKERS = {
    "comfyui": "ComfyUI asks for `{0.requirement}`",
    "user": "you asked for `{0.requirement}`",
    "pack": "the node pack {0.name} asks for `{0.requirement}`",
    "group": "the group {0.name} has `{0.requirement}`",
    "backend": "PyTorch for {0.name} has `{0.requirement}`",
    "constraint": "a constraint says `{0.requirement}`",
}


def reasons_text(reasons: Reasons) -> str:
    """Everything of the name, one paragraph for each thing that it means."""
    lines = [line for pack in reasons.packs for line in _pack_lines(pack)]
    lines += [line for kind in reasons.classes for line in _class_lines(kind)]
    lines += [line for package in reasons.packages for line in _package_lines(package)]
    lines += [f"the workflow {one.name} could not be read: {one.reason}" for one in reasons.unread]
    return "".join(f"{line}\n" for line in lines)


def _pack_lines(reason: PackReason) -> list[str]:
    need = reason.need
    tracked = "" if need.tracked else ", which the manifest does not have"
    lines = [f"node pack {need.identifier}{tracked}"]
    if need.state == NEEDED:
        lines += [f"  needed by the workflow {name}: {some(types)}" for name, types in _by_workflow(need.needs).items()]
    elif need.state == UNNEEDED:
        lines.append("  no workflow needs it")
    else:
        lines += ["  no workflow is seen to need it, but", *(f"    {doubt}" for doubt in need.doubts)]
    if reason.requirements:
        lines.append(f"  asks for {some(reason.requirements)}")
    return lines


def _class_lines(reason: ClassReason) -> list[str]:
    lines = [f"node class {reason.type}"]
    if reason.built_in:
        lines.append("  part of ComfyUI")
    if reason.installed:
        lines.append(f"  defined by {some(reason.installed)}")
    if reason.likely:
        lines.append(f"  defined by {some(reason.likely)}, according to the lists (its code names it at run time)")
    if reason.known:
        lines.append(f"  known of {some(reason.known)}")
    if reason.workflows:
        lines.append(f"  used by {some(reason.workflows)}")
    return lines


def _package_lines(reason: PackageReason) -> list[str]:
    versions = f" {', '.join(reason.versions)}" if reason.versions else ", which is not locked"
    lines = [f"Python package {reason.name}{versions}"]
    lines += [f"  {_ASKERS[asker.kind].format(asker)}" for asker in reason.askers]
    for chain, askers in zip(reason.chains, reason.origins, strict=True):
        lines.append(f"  through {' > '.join(chain)}, requested by {some(list(dict.fromkeys(map(_asker, askers))))}")
    return lines


def _asker(asker: Asker) -> str:
    names = {"comfyui": "ComfyUI", "user": "you", "pack": f"the node pack {asker.name}"}
    return names.get(asker.kind, f"the group {asker.name}")


def _by_workflow(needs: Sequence[Need]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for need in needs:
        found.setdefault(need.workflow, []).append(need.type)
    return found
