from .looking import look_at_code as look_at_code
from .looking import new_findings as new_findings
