from .containerfiles import containerfile as containerfile
from .containerfiles import ignored as ignored
from .kubernetes import deployment as deployment
from .local_files import take_local_files as take_local_files
from .needs import needs_of as needs_of
