from .model_index import ModelIndex as ModelIndex
from .model_index import open_model_index as open_model_index
