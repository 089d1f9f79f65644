from .header import ModelHeader as ModelHeader
from .index import IndexChange as IndexChange
from .index import ModelLocation as ModelLocation
from .index import ModelSource as ModelSource
from .index import RootState as RootState
