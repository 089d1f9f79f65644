from .header import ModelHeader as ModelHeader
