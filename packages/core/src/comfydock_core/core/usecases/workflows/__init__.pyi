from .class_origins import ClassOrigins as ClassOrigins
