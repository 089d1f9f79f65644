"""Definitions in the formats of other tools, written by strangers: ComfyUI-Manager, comfy-cli and comfy-pack."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
