from . import light_json as light_json
from . import native as native
