"""Decisions that may be taken otherwise, and are injected: which packages a pack may bring, which code is refused."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
