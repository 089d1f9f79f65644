from .answer_cache import AnswerCache as AnswerCache
from .http_cache import HTTPCache as HTTPCache
from .pack_cache import PackCache as PackCache
