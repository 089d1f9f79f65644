from .checking_all import check_workflows as check_workflows
from .class_origins import ClassOrigins as ClassOrigins
from .lock_comparing import LockComparer as LockComparer
from .model_origins import ModelOrigins as ModelOrigins
