from .model_origins import ModelOrigins as ModelOrigins
