from . import carriers as carriers
from . import drawing as drawing
