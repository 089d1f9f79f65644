"""The files of a mirror: what lies there, and what `mirror.json` says of it."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
