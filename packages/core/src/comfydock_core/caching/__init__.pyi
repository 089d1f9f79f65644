from .answer_cache import AnswerCache as AnswerCache
