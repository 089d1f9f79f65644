from .class_candidates import resolve_classes as resolve_classes
from .pack_needs import needs_of as needs_of
from .reasons import why as why
