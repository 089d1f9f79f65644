"""Putting an environment elsewhere in its history: one way for every command that does."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
