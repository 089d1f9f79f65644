"""Another ComfyUI in an environment: which there are, which it has, and going from one to another."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
