"""The history of an environment's definition: names of commits, and the files of any state of it."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
