from .execution import Operation as Operation
from .execution import operation as operation
from .keeping import freed_bytes as freed_bytes
from .planning import make_plan as make_plan
from .scope import locked as locked
from .settling import settle as settle
from .undoing import plan_undo as plan_undo
