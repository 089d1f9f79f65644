"""Why requirements do not fit: the smallest set of requirements that collide, and what was tried and would help."""

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.core.services_bundle import EnvironmentServices, WorkspaceServices
from comfydock_core.core.usecases.definition.redefining import OF_BACK_END, Edit
from comfydock_core.core.usecases.definition.staging import stage_definition
from comfydock_core.managers.uv_project.conflict_members import conflict_members, lines_of_pack
from comfydock_core.models.exceptions import ComfyDockError, PacksConflict, RequirementInvalid, RequirementsConflict
from comfydock_core.models.packages.conflicts import ConflictLine
from comfydock_core.models.packs.node_packs import PackRequirements
from comfydock_core.models.protocols import Reporter
from comfydock_core.models.shared import NodePackage
from comfydock_core.repositories.definition.backend_choice import read_choice
from comfydock_core.repositories.definition.tracked_packs import tracked_packs
from comfydock_core.strategies.pack_policy import PackPolicy
from comfydock_core.validation.conflict_sets import conflict_error, find_conflict, find_fixes

_VERSIONS_TRIED = 5


def explained(
    layout: EnvironmentLayout,
    services: WorkspaceServices,
    edit: Edit,
    error: RequirementsConflict,
    reporter: Reporter,
    *,
    asked: Mapping[str, PackRequirements] | None = None,
    adding: Sequence[str] = (),
) -> RequirementsConflict:
    """The same error with the requirements that collide and what would help, as far as that can be found out.

    `edit` makes the definition in question and resolves nothing. `asked` is what node packs require by then, by
    identifier, where it is not what their directories say; `adding` are those that are new. The environment is only
    read. A conflict that only the lock of a back end has is no matter of the requirements.
    """
    if OF_BACK_END in error.context:
        return error
    try:
        return _explain(layout, services, edit, asked or {}, adding, reporter) or error
    except ComfyDockError as trouble:
        reporter.warn(f"the conflicting requirements could not be determined: {trouble.message}")
        return error


def _explain(
    layout: EnvironmentLayout,
    services: WorkspaceServices,
    edit: Edit,
    asked: Mapping[str, PackRequirements],
    adding: Sequence[str],
    reporter: Reporter,
) -> PacksConflict | None:
    """The conflict of the definition that `edit` makes; `None` when its requirements fit together after all."""
    reporter.phase("Finding the conflicting requirements")
    with tempfile.TemporaryDirectory(prefix="comfydock-conflict-") as directory:
        trial = stage_definition(layout, directory)
        own = services.environment(trial)
        edit(own)
        explaining = _Explaining(layout, services, own, asked, reporter)
        with own.uv_project.trials() as trials:
            conflict = find_conflict(explaining.lines, trials.guess, confirm=trials.answer)
            if conflict is None:
                return None
            reporter.phase("Trying what helps")
            conflict = find_fixes(
                conflict,
                explaining.lines,
                trials.answer,
                explaining.other_versions,
                adding=adding,
                most_versions=_VERSIONS_TRIED,
            )
    return conflict_error(conflict, "find packages that fit together")


class _Explaining:
    """Whose requirements there are, and what other versions of packs would ask for."""

    def __init__(
        self,
        layout: EnvironmentLayout,
        services: WorkspaceServices,
        own: EnvironmentServices,
        asked: Mapping[str, PackRequirements],
        reporter: Reporter,
    ) -> None:
        self._services = services
        self._reporter = reporter
        manifest = own.pyproject.read()
        self._policy = PackPolicy.of(manifest, read_choice(layout.definition))
        self._packs = tracked_packs(manifest, layout.manifest)
        known = {name: self._read(layout, pack) for name, pack in self._packs.items() if name not in asked}
        comfyui = _requirements(layout.comfyui, replace(self._policy, substitutes={}))
        self.lines = conflict_members(manifest, {**known, **asked}, comfyui)

    def other_versions(self, identifier: str) -> Iterator[tuple[str, Sequence[ConflictLine]]]:
        """Other published versions of a pack with what they ask for, newest first, as far as they can be had."""
        pack = self._packs.get(identifier)
        if pack is None:
            return
        for release in self._services.packs.other_versions(pack.release, self._reporter):
            try:
                content = self._services.packs.obtain(release, self._reporter)
                asked = self._policy.asked_for(content.directory)
            except ComfyDockError as error:
                self._reporter.line(f"{identifier} {release.version} was not tried: {error.message}")
                continue
            yield release.version, lines_of_pack(identifier, asked)

    def _read(self, layout: EnvironmentLayout, pack: NodePackage) -> PackRequirements:
        return _requirements(f"{layout.custom_nodes}/{pack.directory}", self._policy)


def _requirements(directory: str, policy: PackPolicy) -> PackRequirements:
    """What the files say; where they cannot be read only the manifest tells."""
    if not os.path.isdir(directory):
        return PackRequirements()
    try:
        return policy.asked_for(directory, lenient=True)
    except (RequirementInvalid, OSError):
        return PackRequirements()
