from .canvas import draw_workflow as draw_workflow
from .comparison import ComparedWorkflow as ComparedWorkflow
from .comparison import draw_comparison as draw_comparison
