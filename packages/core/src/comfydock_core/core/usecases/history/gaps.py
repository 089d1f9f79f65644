"""What of an environment could not be rebuilt elsewhere from a commit of it. Nothing is asked of any server."""

import os
from collections.abc import Iterable, Iterator, Mapping

from comfydock_core.analyzers.git_change_parser import GitChangeParser
from comfydock_core.analyzers.git_probes import comfyui_probe
from comfydock_core.analyzers.node_git_analyzer import NodeGitAnalyzer, told_files
from comfydock_core.analyzers.pack_comparison import answer_questions
from comfydock_core.analyzers.pack_files import PackFiles
from comfydock_core.analyzers.packages.lock_gaps import lock_gaps
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.usecases.history.model_gaps import model_gaps
from comfydock_core.models.committing import Gap
from comfydock_core.models.shared import NodePackage
from comfydock_core.repositories.definition.manifest_reader import read_manifest
from comfydock_core.repositories.definition.tracked_packs import tracked_packs
from comfydock_core.utils.files.tree_digest import tree_digest
from comfydock_core.utils.text import some

_SHOWN = 3


def find_gaps(layout: EnvironmentLayout, workspace: WorkspaceLayout) -> tuple[Gap, ...]:
    """Everything that a commit would lack, ComfyUI first.

    Raises `ManifestDamaged`, `LockDamaged`, `FileSystemError`, `OSError`.
    """
    probe = comfyui_probe(layout)
    try:
        manifest = read_manifest(layout.manifest)
        packs = tracked_packs(manifest, layout.manifest)
        found = [*_of_packs(layout, workspace, packs), *_of_packages(layout), *model_gaps(layout, manifest)]
        output, _ = probe.answer()
    finally:
        probe.close()
    changed = GitChangeParser(output).modified if output is not None else []
    ours = [Gap("comfyui", "ComfyUI", told_files(sorted(changed)))] if changed else []
    return (*ours, *found)


def _of_packs(layout: EnvironmentLayout, workspace: WorkspaceLayout, packs: Mapping[str, NodePackage]) -> Iterator[Gap]:
    own = [pack for pack in packs.values() if pack.is_development]
    others = [pack for pack in packs.values() if not pack.is_development]
    changed = _changed_files(layout, workspace, others)
    for pack in own:
        yield from _of_own_pack(pack, f"{layout.custom_nodes}/{pack.directory}")
    for pack in others:
        reasons = [told_files(changed[pack.directory])] if pack.directory in changed else []
        if _is_local(pack.release.repository):
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


def _changed_files(
    layout: EnvironmentLayout, workspace: WorkspaceLayout, packs: Iterable[NodePackage]
) -> dict[str, list[str]]:
    """By the directory of a pack; only what changed since it was compared last is read again, as for `status`."""
    there = [pack for pack in packs if os.path.isdir(f"{layout.custom_nodes}/{pack.directory}")]
    names = [pack.directory for pack in there if pack.enabled and pack.release.version]
    if not names:
        return {}
    files = PackFiles(layout.custom_nodes, workspace.changed_files_note(layout.name), names)
    if files.open_questions:
        answer_questions(files, workspace.packs)
    return files.changed()


def _of_packages(layout: EnvironmentLayout) -> Iterator[Gap]:
    for name, reason in lock_gaps(layout.lock):
        yield Gap("package", name, reason)


def _is_local(repository: str | None) -> bool:
    return repository is not None and repository.startswith(("/", "~", ".", "file:"))
