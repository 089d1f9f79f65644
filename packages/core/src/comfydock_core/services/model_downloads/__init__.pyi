from .kept_downloads import KeptDownloads as KeptDownloads
from .model_sources import ModelSources as ModelSources
from .model_sources import Offer as Offer
