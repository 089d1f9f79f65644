from . import carriers as carriers
from . import drawing as drawing
from .class_uses import class_uses as class_uses
