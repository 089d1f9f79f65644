from .carried import Carried as Carried
from .class_inputs import ClassCatalog as ClassCatalog
from .class_inputs import ClassInput as ClassInput
from .class_inputs import InputOption as InputOption
from .class_inputs import InputTemplate as InputTemplate
from .class_inputs import NodeClass as NodeClass
