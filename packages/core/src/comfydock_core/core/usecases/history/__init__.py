"""What is done with the history of a definition: committing, reading it and comparing its states."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
