"""Changes that happen or do not: stage aside, write the plan, one durable commit line, swap names, settle."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
