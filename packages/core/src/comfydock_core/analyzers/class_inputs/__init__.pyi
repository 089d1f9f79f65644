from .modules import SourceTree as SourceTree
from .reading import ClassInputReader as ClassInputReader
from .reading import read_class_inputs as read_class_inputs
from .remembered_inputs import RememberedInputs as RememberedInputs
