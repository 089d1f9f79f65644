"""What of an environment could not be rebuilt elsewhere from a commit of it. Nothing is asked of any server."""

import os
from collections.abc import Collection, Iterator

from comfydock_core.analyzers.node_git_analyzer import NodeGitAnalyzer, told_files
from comfydock_core.analyzers.packages.lock_gaps import lock_gaps
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.core.usecases.history.local_changes import LocalChanges
from comfydock_core.core.usecases.history.model_gaps import model_gaps
from comfydock_core.core.usecases.history.patches import COMFYUI
from comfydock_core.models.addresses import is_of_this_machine
from comfydock_core.models.committing import Gap
from comfydock_core.models.shared import NodePackage
from comfydock_core.utils.files.tree_digest import tree_digest
from comfydock_core.utils.text import some

_SHOWN = 3


def find_gaps(
    layout: EnvironmentLayout, changes: LocalChanges, patched: Collection[str], carried: Collection[str] = ()
) -> tuple[Gap, ...]:
    """Everything that a commit would lack, ComfyUI first; what it has patches of is no gap.

    `carried` are node packs that go along as they were committed, wherever their repositories are.
    Raises `ManifestDamaged`, `LockDamaged`, `FileSystemError`, `OSError`.
    """
    ours = []
    if changes.comfyui and COMFYUI not in patched:
        ours.append(Gap("comfyui", "ComfyUI", told_files(changes.comfyui)))
    return (
        *ours,
        *_of_packs(layout, changes, patched, carried),
        *_of_packages(layout),
        *model_gaps(layout, changes.manifest),
    )


def _of_packs(
    layout: EnvironmentLayout, changes: LocalChanges, patched: Collection[str], carried: Collection[str]
) -> Iterator[Gap]:
    packs = changes.tracked.values()
    for pack in packs:
        if pack.is_development:
            yield from _of_own_pack(pack, f"{layout.custom_nodes}/{pack.directory}")
    for pack in packs:
        if pack.is_development:
            continue
        changed = changes.packs.get(pack.identifier)
        reasons = [told_files(changed)] if changed and pack.identifier not in patched else []
        if pack.identifier not in carried and _is_local(pack.release.repository):
            reasons.append(f"its repository is `{pack.release.repository}` on this machine")
        if reasons:
            yield Gap("pack", pack.identifier, "; ".join(reasons))


def _of_own_pack(pack: NodePackage, directory: str) -> Iterator[Gap]:
    """A development pack: what is not committed and pushed is only here."""
    if not os.path.isdir(directory):
        if not pack.release.repository:
            yield Gap("development-pack", pack.identifier, "it is not there, and no repository of it is known")
        return
    analyzer = NodeGitAnalyzer(directory)
    reason = _lacking(analyzer) if analyzer.is_checkout() else "it is no git repository"
    if reason is not None:
        yield Gap("development-pack", pack.identifier, reason, tree_digest(directory))


def _lacking(analyzer: NodeGitAnalyzer) -> str | None:
    checkout, unknown = analyzer.read()
    if unknown is not None:
        return unknown
    new = analyzer.untracked_names()
    reasons = [analyzer.lacking(checkout)]
    if _is_local(checkout.remote):
        reasons.append(f"its remote is `{checkout.remote}` on this machine")
    reasons.append(told_files(checkout.changed) if checkout.changed else None)
    reasons.append(f"files that git does not know: {some(new, _SHOWN)}" if new else None)
    return "; ".join(reason for reason in reasons if reason is not None) or None


def _of_packages(layout: EnvironmentLayout) -> Iterator[Gap]:
    for name, reason in lock_gaps(layout.lock):
        yield Gap("package", name, reason)


def _is_local(repository: str | None) -> bool:
    return repository is not None and is_of_this_machine(repository)
