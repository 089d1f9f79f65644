from .canvas import draw_workflow as draw_workflow
