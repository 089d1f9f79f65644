"""Who changes which aspect of an environment."""

from comfydock_core.caching.answer_cache import AnswerCache
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.services_bundle import EnvironmentServices
from comfydock_core.factories.pack_factory import pack_sources
from comfydock_core.integrations.uv_command import UVCommand
from comfydock_core.managers.git_manager import GitManager
from comfydock_core.managers.model_symlink_manager import ModelSymlinkManager
from comfydock_core.managers.pyproject_manager import PyprojectManager
from comfydock_core.managers.uv_project.remembering import RememberedAnswers
from comfydock_core.managers.uv_project_manager import UVProjectManager
from comfydock_core.services.repository_mirrors import RepositoryMirrors


def environment_services(
    layout: EnvironmentLayout, workspace: WorkspaceLayout, *, offline: bool = False
) -> EnvironmentServices:
    """The managers of one environment, finished or under construction. Raises `ToolMissing` without uv."""
    uv = UVCommand.of_environment(layout, workspace, offline=offline)
    answers = AnswerCache(f"{workspace.cache}/answers")
    mirrors = RepositoryMirrors(workspace.git_mirrors, offline=offline)
    return EnvironmentServices(
        pyproject=PyprojectManager(layout.manifest),
        uv_project=UVProjectManager(layout.definition, layout.venv, uv, RememberedAnswers(answers)),
        git=GitManager(layout.definition),
        models_link=ModelSymlinkManager(layout.models_link),
        mirrors=mirrors,
        packs=pack_sources(workspace, offline=offline),
    )
