"""Values about workflows: what they use, what their nodes take in, and how well both fit an environment."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
