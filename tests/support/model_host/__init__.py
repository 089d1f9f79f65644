"""A host of models on loopback: plain files with every fault that servers have, Hugging Face and Civitai."""

from tests.support.model_host.files import HostedFile, ModelHost, model_host
from tests.support.model_host.services import COMMIT, CivitAI, HuggingFace

__all__ = ["COMMIT", "CivitAI", "HostedFile", "HuggingFace", "ModelHost", "model_host"]
