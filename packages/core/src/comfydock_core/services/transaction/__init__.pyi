from .keeping import freed_bytes as freed_bytes
from .operation import Operation as Operation
from .operation import operation as operation
from .planning import make_plan as make_plan
from .scope import locked as locked
from .settling import settle as settle
from .undoing import plan_undo as plan_undo
