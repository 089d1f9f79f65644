from .manifest_file import manifest_content as manifest_content
from .manifest_file import parse_manifest as parse_manifest
from .store import MirrorStore as MirrorStore
from .store import MirrorWriter as MirrorWriter
