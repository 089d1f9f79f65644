"""Reading a ComfyUI that somebody installed without ComfyDock. Nothing of it is run, changed or imported."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
