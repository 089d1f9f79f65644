from . import caches as caches
from . import mirroring as mirroring
from . import sharing as sharing
from . import workflows as workflows
