"""A look at what a node pack's code may do. It is read, never run, imported or unpacked."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
