from . import carriers as carriers
from . import drawing as drawing
from .class_uses import uses_of_classes as uses_of_classes
from .comparing import compare_views as compare_views
