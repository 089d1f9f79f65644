"""What can be read of code without running it: requirements, node classes, and what is worth knowing before it runs."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
