from . import atomic as atomic
from . import filesystem as filesystem
from . import locks as locks
