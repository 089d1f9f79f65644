"""What may be wrong with the tools, a workspace and its environments; nothing here changes anything."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
