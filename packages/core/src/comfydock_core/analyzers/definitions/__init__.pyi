from .comparing import compare_definitions as compare_definitions
from .wording import default_message as default_message
