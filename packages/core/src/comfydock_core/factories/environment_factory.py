"""Who changes which aspect of an environment. Each is loaded when it is first used: few commands need all."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from comfydock_core.core.services_bundle import EnvironmentServices

if TYPE_CHECKING:
    from comfydock_core.caching.comfyui_cache import ComfyUICacheManager
    from comfydock_core.caching.repository_mirrors import RepositoryMirrors
    from comfydock_core.configs.environment_layout import EnvironmentLayout
    from comfydock_core.configs.workspace_layout import WorkspaceLayout
    from comfydock_core.managers.export_import_manager import ExportImportManager
    from comfydock_core.managers.git_manager import GitManager
    from comfydock_core.managers.model_symlink_manager import ModelSymlinkManager
    from comfydock_core.managers.node_manager import NodeManager
    from comfydock_core.managers.pyproject_manager import PyprojectManager
    from comfydock_core.managers.uv_project_manager import UVProjectManager
    from comfydock_core.services.pack_sources import PackSources


def environment_services(
    layout: EnvironmentLayout, workspace: WorkspaceLayout, *, offline: bool = False
) -> EnvironmentServices:
    """The managers of one environment, finished or under construction."""
    return _EnvironmentServices(layout, workspace, offline)


class _EnvironmentServices:
    def __init__(self, layout: EnvironmentLayout, workspace: WorkspaceLayout, offline: bool) -> None:
        self._layout = layout
        self._workspace = workspace
        self._offline = offline

    @cached_property
    def pyproject(self) -> PyprojectManager:
        from comfydock_core.managers.pyproject_manager import PyprojectManager

        return PyprojectManager(self._layout.manifest)

    @cached_property
    def uv_project(self) -> UVProjectManager:
        from comfydock_core.caching.answer_cache import AnswerCache
        from comfydock_core.integrations.uv_command import UVCommand
        from comfydock_core.managers.uv_project.remembering import RememberedAnswers
        from comfydock_core.managers.uv_project_manager import UVProjectManager

        uv = UVCommand.of_environment(self._layout, self._workspace, offline=self._offline)
        answers = RememberedAnswers(AnswerCache(self._workspace.answers))
        return UVProjectManager(self._layout.definition, self._layout.venv, uv, answers)

    @cached_property
    def git(self) -> GitManager:
        from comfydock_core.managers.git_manager import GitManager

        return GitManager(self._layout.definition)

    @cached_property
    def models_link(self) -> ModelSymlinkManager:
        from comfydock_core.managers.model_symlink_manager import ModelSymlinkManager

        return ModelSymlinkManager(self._layout.models_link)

    @cached_property
    def mirrors(self) -> RepositoryMirrors:
        from comfydock_core.caching.repository_mirrors import RepositoryMirrors

        return RepositoryMirrors(self._workspace.git_mirrors, offline=self._offline)

    @cached_property
    def comfyui(self) -> ComfyUICacheManager:
        from comfydock_core.caching.comfyui_cache import ComfyUICacheManager

        return ComfyUICacheManager(self.mirrors)

    @cached_property
    def packs(self) -> PackSources:
        from comfydock_core.factories.pack_factory import pack_sources

        return pack_sources(self._workspace, offline=self._offline)

    @cached_property
    def nodes(self) -> NodeManager:
        from comfydock_core.managers.node_manager import NodeManager

        return NodeManager(self._layout, lambda: self.packs)

    @cached_property
    def bundles(self) -> ExportImportManager:
        from comfydock_core.managers.export_import_manager import ExportImportManager

        return ExportImportManager(self._layout)
