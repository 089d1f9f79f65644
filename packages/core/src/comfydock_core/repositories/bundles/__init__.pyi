from .manifest_file import manifest_content as manifest_content
from .manifest_file import parse_manifest as parse_manifest
from .reading import BundleFile as BundleFile
from .reading import read_bundle as read_bundle
from .writing import write_bundle as write_bundle
