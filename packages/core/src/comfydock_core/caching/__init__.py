"""What can be fetched or computed again, kept for a while. Every file may be deleted at any time."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
