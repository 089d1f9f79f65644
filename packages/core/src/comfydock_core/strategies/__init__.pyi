from .code_policy import CodePolicy as CodePolicy
from .pack_policy import PackPolicy as PackPolicy
