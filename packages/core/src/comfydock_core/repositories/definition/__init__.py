"""The files of `.cec`: manifest, locks, the parts of the back ends."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
