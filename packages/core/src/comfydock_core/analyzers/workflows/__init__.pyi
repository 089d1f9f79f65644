from . import carriers as carriers
