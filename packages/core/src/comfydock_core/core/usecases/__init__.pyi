from . import workflows as workflows
