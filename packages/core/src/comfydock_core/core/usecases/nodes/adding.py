"""Adding node packs: from the registry, from git, from a folder, or those that lie there already."""

import os
from collections.abc import Sequence
from dataclasses import replace

from comfydock_core.analyzers.code.looking import look_at_code, new_findings
from comfydock_core.analyzers.node_git_analyzer import NodeGitAnalyzer
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.core.services_bundle import WorkspaceServices
from comfydock_core.core.usecases.nodes.announcing import announced
from comfydock_core.core.usecases.nodes.planning import plan_changes
from comfydock_core.models.addresses import without_credentials
from comfydock_core.models.exceptions import ComfyDockError, InvalidSetting, PackExists
from comfydock_core.models.packs.node_packs import CodeFinding, PackContent, PackReference
from comfydock_core.models.packs.pack_changes import PackChange, PackFailure, PackOptions, PackPlan
from comfydock_core.models.protocols import NodeInstallCallbacks, Reporter
from comfydock_core.models.shared import DISABLED, NodeInfo, NodePackage
from comfydock_core.repositories.definition.tracked_packs import matching_pack
from comfydock_core.resolvers.pack_references import pack_name, parse_reference
from comfydock_core.strategies.pack_policy import lines_of
from comfydock_core.utils.git_urls import same_repository


def plan_adding(
    layout: EnvironmentLayout,
    services: WorkspaceServices,
    words: Sequence[str],
    options: PackOptions,
    reporter: Reporter,
    *,
    development: bool = False,
    name: str | None = None,
    callbacks: NodeInstallCallbacks | None = None,
) -> PackPlan:
    """Look everything up, fetch it into the cache, and try it against the lock; the environment stays as it is.

    With `development` the packs are the user's own from now on: they are never updated or removed by anybody else.
    `name` is what one pack is to be called instead of its own name.
    Raises `InvalidSetting`, `PackNotFound`, `PackExists`, `PackRefused`, `RequirementsConflict`, `RemoteError`, what
    fetching raises; with `keep_going` what concerns single packs is among the plan's failures instead.
    """
    adding = _Adding(layout, services, options, reporter, development=development, name=_usable(name, words))
    changes: list[PackChange] = []
    failures: list[PackFailure] = []
    wanted = list(dict.fromkeys(words))
    for number, word in enumerate(wanted, 1):
        try:
            with announced(callbacks, without_credentials(word), number, len(wanted)):
                change = adding.change(word)
                _refuse_twice(change, changes)
            changes.append(change)
        except ComfyDockError as error:
            if not options.keep_going:
                raise
            failures.append(PackFailure.of(without_credentials(word), error))
    return plan_changes(layout, services, "node add", changes, failures, options, reporter)


class _Adding:
    """What is known while packs are being looked up."""

    def __init__(
        self,
        layout: EnvironmentLayout,
        services: WorkspaceServices,
        options: PackOptions,
        reporter: Reporter,
        *,
        development: bool,
        name: str | None,
    ) -> None:
        self._layout = layout
        self._services = services
        self._options = options
        self._reporter = reporter
        self._development = development
        self._name = name
        self._tracked = services.environment(layout).nodes

    def change(self, word: str) -> PackChange:
        """What adding what was named takes."""
        if self._development:
            here = self._directory_named(word)
            if here is not None:
                return self._track(here)
        reference = parse_reference(word)
        if reference.kind == "directory" and self._is_here(reference.path or ""):
            return self._track(os.path.basename(reference.path or ""))
        self._reporter.phase(f"Looking up {without_credentials(word)}")
        release = self._services.packs.find(reference, self._reporter, force=self._options.force)
        if self._name is not None:
            release = replace(release, identifier=self._name, name=self._name, registry_id=None)
        before = self._same_pack(release)
        self._refuse_known(before, release, reference)
        content = self._content(reference, release)
        if self._development:
            release = replace(content.release, source="development", version="dev", branch=None, sha256=None)
        else:
            release = replace(content.release, notes=release.notes)
        own: tuple[str, ...] = ()
        if before is not None:
            release = replace(release, identifier=before.identifier, name=before.release.name)
            own = self._tracked.own_files(before, "another version", force=self._options.force)
        self._refuse_in_the_way(release, before)
        return replace(self._made(release, before, content), own_files=own)

    def _made(self, release: NodeInfo, before: NodePackage | None, content: PackContent) -> PackChange:
        requirements = self._tracked.policy.asked_for(content.directory, lenient=self._options.force)
        lines, notes = lines_of(requirements)
        enabled = before.enabled if before is not None else True
        # The manifest is for everybody: a login stays with git, which was told of it in a note.
        repository = None if release.repository is None else without_credentials(release.repository)
        after = NodePackage(replace(release, repository=repository, notes=()), lines, enabled)
        old = self._tracked.path(before) if before is not None else None
        findings = findings_of(old, content.directory)
        return PackChange(
            "replace" if before is not None else "add",
            before=before,
            after=after,
            content=replace(content, release=release),
            requirements=requirements,
            findings=findings,
            notes=(*release.notes, *content.missing, *notes),
        )

    def _content(self, reference: PackReference, release: NodeInfo) -> PackContent:
        if reference.kind == "directory":
            return PackContent(release, reference.path or "")
        return self._services.packs.obtain(release, self._reporter)

    def _track(self, name: str) -> PackChange:
        """Take a directory that lies among the custom nodes into the manifest, as a pack of the user's own."""
        before = matching_pack(self._tracked.packs, name)
        if before is not None and before.is_development:
            raise _exists(before, f"`{name}` is already tracked as a development pack", "there is nothing to do")
        if before is not None and not self._options.force:
            raise _exists(
                before,
                f"`{name}` is tracked, with version {before.release.version[:10]}",
                "`--force` makes a development pack of it, which updates skip",
            )
        if self._name not in (None, name):
            raise InvalidSetting(
                f"`{name}` lies among the custom nodes under its own name already",
                hint="leave `--name` out, or rename the directory first",
                context={"pack": name, "name": self._name},
            )
        directory = f"{self._layout.custom_nodes}/{name}"
        requirements = self._tracked.policy.asked_for(directory, lenient=self._options.force)
        lines, notes = lines_of(requirements)
        identifier = before.identifier if before is not None else name
        release = NodeInfo(identifier, name, "development", "dev", _remote(directory))
        return PackChange("track", before, NodePackage(release, lines), requirements=requirements, notes=notes)

    def _directory_named(self, word: str) -> str | None:
        """A directory among the custom nodes, whatever the case of its name."""
        try:
            names = os.listdir(self._layout.custom_nodes)
        except FileNotFoundError:
            return None
        matching = [name for name in names if name.lower() == word.lower() and not name.endswith(DISABLED)]
        exact = [name for name in matching if name == word]
        found = next(iter(exact or matching), None)
        return found if found is not None and os.path.isdir(f"{self._layout.custom_nodes}/{found}") else None

    def _is_here(self, path: str) -> bool:
        """Whether a directory lies directly among the environment's custom nodes."""
        nodes = os.path.realpath(self._layout.custom_nodes)
        return os.path.realpath(os.path.dirname(path)) == nodes

    def _same_pack(self, release: NodeInfo) -> NodePackage | None:
        """The pack that the environment has of this one: by any of its names, or by its repository.

        Raises `PackExists` for one of that name from another repository, which is another pack, unless forced.
        """
        words = (release.identifier, release.registry_id, release.name)
        found = (matching_pack(self._tracked.packs, word) for word in words if word)
        named = next((pack for pack in found if pack is not None), None)
        if named is not None and not _are_strangers(named.release, release):
            return named
        repository = release.repository
        for pack in self._tracked.packs.values():
            if repository and pack.release.repository and same_repository(repository, pack.release.repository):
                return pack
        if named is not None and not self._options.force:
            _refuse_another(named, release)
        return named

    def _refuse_known(self, before: NodePackage | None, release: NodeInfo, reference: PackReference) -> None:
        """Raise `PackExists` unless another version of a known pack was asked for, or `--force`."""
        if before is None or self._options.force:
            return
        known = before.release
        if before.is_development:
            raise _exists(
                before,
                f"`{known.identifier}` is a development pack here",
                "`--force` puts the published one in its place; `undo` brings the directory back",
            )
        asked_for_version = reference.version is not None or reference.ref is not None
        if not asked_for_version or (known.version == release.version and known.source == release.source):
            hint = f"`comfydock node update {known.identifier}` looks for a newer version"
            raise _exists(before, f"`{known.identifier}` is already installed, at {known.version[:10]}", hint)

    def _refuse_in_the_way(self, release: NodeInfo, before: NodePackage | None) -> None:
        """Raise `PackExists` for a directory of that name that the manifest does not have."""
        other = next((pack for pack in self._tracked.packs.values()
                      if pack.release.name.lower() == release.name.lower() and pack is not before), None)  # fmt: skip
        if other is not None:
            raise _exists(other, f"`{other.identifier}` has the directory `{other.release.name}`", "remove it first")
        found = self._directory_named(release.name)
        if found is None or self._options.force or (before is not None and before.directory == found):
            return
        path = f"{self._layout.custom_nodes}/{found}"
        raise PackExists(
            f"`{path}` is in the way: {_described(path, release)}",
            hint=f"`comfydock node add {found} --dev` adopts it as it is; `--force` puts the new one in its place,"
            " which `undo` reverts",
            context={"pack": release.identifier, "path": path},
        )


def findings_of(before: str | None, after: str) -> tuple[CodeFinding, ...]:
    """What is worth a look in a pack's code; where there is an older version, only what is new in it."""
    if before is not None and os.path.isdir(before):
        return new_findings(before, after)
    return look_at_code(after)


def _refuse_twice(change: PackChange, others: Sequence[PackChange]) -> None:
    """Two words may name one pack, or two packs of one name."""
    for other in others:
        if _are_strangers(change.pack.release, other.pack.release) and _share_a_name(change.pack, other.pack):
            _refuse_another(other.pack, change.pack.release)
        if change.pack.release.name.lower() == other.pack.release.name.lower():
            raise PackExists(
                f"`{change.pack.identifier}` was named twice",
                hint="name each node pack once",
                context={"pack": change.pack.identifier},
            )


def _usable(name: str | None, words: Sequence[str]) -> str | None:
    """The name for a pack, as given. Raises `InvalidSetting` where it could be none, or would be that of several."""
    if name is None:
        return None
    if len(words) != 1:
        raise InvalidSetting("`--name` is for one node pack", hint="add the packs one by one", context={"name": name})
    if name.startswith((".", "-")) or pack_name(name) != name:
        raise InvalidSetting(
            f"`{name}` cannot be the name of a node pack",
            hint="letters, digits, `_`, `-`, `+` and `.` make a name",
            context={"name": name},
        )
    return name


def _are_strangers(first: NodeInfo, second: NodeInfo) -> bool:
    """Whether two releases are known to come from different repositories."""
    if not first.repository or not second.repository:
        return False
    ours, theirs = without_credentials(first.repository), without_credentials(second.repository)
    return not same_repository(ours, theirs)


def _share_a_name(first: NodePackage, second: NodePackage) -> bool:
    return first.release.name.lower() == second.release.name.lower()


def _refuse_another(known: NodePackage, release: NodeInfo) -> None:
    """Raise `PackExists` when a known pack of that name comes from another repository."""
    if not _are_strangers(known.release, release):
        return
    theirs, ours = without_credentials(known.release.repository or ""), without_credentials(release.repository or "")
    raise PackExists(
        f"`{known.identifier}` comes from `{theirs}`, and `{ours}` is another node pack of that name",
        hint="`--name NAME` adds it beside the first under another name; `--force` puts it in its place,"
        " which `undo` reverts",
        context={"pack": known.identifier, "repository": theirs, "other": ours},
    )


def _exists(pack: NodePackage, message: str, hint: str) -> PackExists:
    return PackExists(message, hint=hint, context={"pack": pack.identifier, "version": pack.release.version})


def _remote(directory: str) -> str | None:
    git = NodeGitAnalyzer(directory)
    return git.read()[0].remote if git.is_checkout() else None


def _described(path: str, release: NodeInfo) -> str:
    """What an untracked directory is, as far as it tells."""
    if not NodeGitAnalyzer(path).is_checkout():
        return "it is not a git checkout, and not in the manifest"
    remote = _remote(path)
    if remote is None:
        return "a git checkout without a remote, not in the manifest"
    if release.repository and same_repository(remote, release.repository):
        return "a git checkout of the same repository, not in the manifest"
    return f"a git checkout of {remote}, not in the manifest"
