from .measuring import measure_caches as measure_caches
from .pruning import plan_pruning as plan_pruning
from .pruning import prune_caches as prune_caches
