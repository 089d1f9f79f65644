"""Finding the commit, and what of it, that made an environment bad: by trying, in an environment of its own."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
