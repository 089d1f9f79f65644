"""The public names that callers were promised: importable from their faces, each under one name.

`OPEN` are those whose subject does not exist yet. It can only shrink: a name that exists must not stand there.
"""

import importlib

import pytest

PROMISED = {
    "analyzers": (
        "CustomNodeScanner",
        "GitChangeParser",
        "ModelScanner",
        "NodeClassifier",
        "NodeGitAnalyzer",
        "StatusScanner",
        "WorkflowDependencyParser",
    ),
    "caching": (
        "APICacheManager",
        "CacheBase",
        "CachedNodeInfo",
        "ComfyUICacheManager",
        "ComfyUISpec",
        "ContentCacheBase",
        "CustomNodeCacheManager",
    ),
    "clients": ("CivitAIClient", "ComfyRegistryClient", "GitHubClient", "GitHubRelease", "GitHubRepoInfo"),
    "core": ("Environment", "Workspace"),
    "integrations": ("UVCommand",),
    "managers": (
        "ExportImportManager",
        "GitManager",
        "ModelDownloadManager",
        "ModelSymlinkManager",
        "NodeManager",
        "PyprojectManager",
        "UVProjectManager",
        "WorkflowManager",
    ),
    "models.civitai": ("CivitAIModel",),
    "models.commit": ("CommitInfo",),
    "models.environment": ("EnvironmentStatus", "GitStatus", "PackageSyncStatus"),
    "models.exceptions": (
        "CDEnvironmentError",
        "CDNodeConflictError",
        "CDWorkspaceError",
        "ComfyDockError",
        "UVCommandError",
    ),
    "models.manifest": ("EnvironmentManifest",),
    "models.node_mapping": ("NodeMapping",),
    "models.protocols": (
        "ExportCallbacks",
        "ImportCallbacks",
        "ModelResolutionStrategy",
        "NodeInstallCallbacks",
        "NodeResolutionStrategy",
    ),
    "models.registry": ("RegistryNode",),
    "models.shared": ("ModelSourceResult", "NodeInfo", "NodePackage"),
    "models.system": ("SystemInfo",),
    "models.workflow": ("DetailedWorkflowStatus", "ResolutionResult", "WorkflowDependencies", "WorkflowNode"),
    "models.workspace_config": ("WorkspaceConfig",),
    "repositories": ("WorkspaceConfigRepository",),
    "services": (
        "DownloadRequest",
        "DownloadResult",
        "ModelDownloader",
        "NodeLookupService",
        "RegistryDataManager",
    ),
    "strategies": ("CodePolicy", "PackPolicy"),
}

OPEN: set[str] = set()

# Modules that the plan names for classes which a face hands out too.
MODULES = {
    "analyzers.custom_node_scanner": "CustomNodeScanner",
    "analyzers.git_change_parser": "GitChangeParser",
    "analyzers.node_classifier": "NodeClassifier",
    "analyzers.node_git_analyzer": "NodeGitAnalyzer",
    "caching.api_cache": "APICacheManager",
    "caching.base": "ContentCacheBase",
    "caching.comfyui_cache": "ComfyUISpec",
    "caching.custom_node_cache": "CachedNodeInfo",
    "managers.node_manager": "NodeManager",
    "managers.workflow_manager": "WorkflowManager",
    "services.node_lookup_service": "NodeLookupService",
    "services.registry_data_manager": "RegistryDataManager",
}


def has(module: str, name: str) -> bool:
    try:
        return hasattr(importlib.import_module(f"comfydock_core.{module}"), name)
    except ModuleNotFoundError:
        return False


def test_every_promised_name_that_is_not_open_can_be_imported() -> None:
    promised = {f"{module}.{name}" for module, names in PROMISED.items() for name in names}
    there = {full for full in promised if has(*full.rsplit(".", 1))}
    assert promised - there == OPEN


@pytest.mark.parametrize("module", MODULES)
def test_a_module_of_the_plan_holds_what_its_face_hands_out(module: str) -> None:
    face, name = importlib.import_module(f"comfydock_core.{module.rpartition('.')[0]}"), MODULES[module]
    assert getattr(face, name) is getattr(importlib.import_module(f"comfydock_core.{module}"), name)


def test_nothing_keeps_an_earlier_name() -> None:
    earlier = {
        "caching": ("HTTPCache", "PackCache"),
        "models": ("DefinitionState", "PackRelease", "PackageState", "TrackedPack"),
        "services": ("NodeLookup", "RegistryData"),
    }
    assert [name for module, names in earlier.items() for name in names if has(module, name)] == []
