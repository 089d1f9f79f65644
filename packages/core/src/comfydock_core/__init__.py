"""ComfyDock's library: ComfyUI environments, versioned like source.

The face is lazy: a name loads its module when it is touched, nothing before."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
