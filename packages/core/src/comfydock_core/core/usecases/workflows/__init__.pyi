from .class_origins import ClassOrigins as ClassOrigins
from .model_origins import ModelOrigins as ModelOrigins
