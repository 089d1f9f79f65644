from . import carriers as carriers
from . import drawing as drawing
from .comparing import compare_views as compare_views
