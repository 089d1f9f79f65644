"""Reading model files and the directories that ComfyUI looks for them in."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
