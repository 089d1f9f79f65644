"""Fetching model files: requests, the engine, and what servers of models say."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
