from .pack_needs import needs_of as needs_of
from .reasons import why as why
