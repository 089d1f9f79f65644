from . import sharing as sharing
from . import mirroring as mirroring
from . import workflows as workflows
