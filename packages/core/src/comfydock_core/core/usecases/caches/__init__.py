"""What the caches of a workspace take, and removing what nothing needs."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
