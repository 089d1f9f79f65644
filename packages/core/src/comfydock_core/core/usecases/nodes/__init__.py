"""Node packs of one environment: adding, removing, updating, turning off and on; each story of its own module."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
