from .node_index_making import make_index as make_index
