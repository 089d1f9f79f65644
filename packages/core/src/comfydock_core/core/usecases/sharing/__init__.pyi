from .exporting import export_bundle as export_bundle
from .exporting import plan_export as plan_export
from .importing import import_environment as import_environment
from .importing import plan_import as plan_import
from .inspecting import OpenedSource as OpenedSource
from .inspecting import open_bundle as open_bundle
from .inspecting import open_source as open_source
from .signing import verify_bundle as verify_bundle
