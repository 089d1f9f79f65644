from .exporting import export_mirror as export_mirror
from .importing import import_mirror as import_mirror
from .verifying import verify_mirror as verify_mirror
