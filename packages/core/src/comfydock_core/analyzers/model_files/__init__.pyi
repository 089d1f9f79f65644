from .header_reading import read_header as read_header
from .listing import listed_files as listed_files
from .listing import path_of as path_of
from .model_folders import read_model_folders as read_model_folders
from .seeing import seen_from as seen_from
