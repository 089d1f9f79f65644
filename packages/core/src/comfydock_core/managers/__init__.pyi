from .export_import_manager import ExportImportManager as ExportImportManager
from .git_manager import GitManager as GitManager
from .model_download_manager import ModelDownloadManager as ModelDownloadManager
from .model_symlink_manager import ModelSymlinkManager as ModelSymlinkManager
from .node_manager import NodeManager as NodeManager
from .pyproject_manager import PyprojectManager as PyprojectManager
from .uv_project_manager import UVProjectManager as UVProjectManager
from .workflow_manager import WorkflowManager as WorkflowManager
