from .index_reader import ModelIndexReader as ModelIndexReader
from .index_reader import read_model_index as read_model_index
from .model_index import ModelIndex as ModelIndex
from .model_index import open_model_index as open_model_index
