from .automatic import AutomaticModelStrategy as AutomaticModelStrategy
from .automatic import AutomaticNodeStrategy as AutomaticNodeStrategy
from .code_policy import CodePolicy as CodePolicy
from .pack_policy import PackPolicy as PackPolicy
