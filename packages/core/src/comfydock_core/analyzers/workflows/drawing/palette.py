"""The colours of ComfyUI's editor as it comes: people know the types of links by them."""

BACKGROUND = "#1e1e1e"
NODE_TITLE = "#333"
NODE_BODY = "#353535"
NODE_EDGE = "#111"
TITLE_TEXT = "#ccc"
SLOT_TEXT = "#aaa"
WIDGET = "#222"
WIDGET_EDGE = "#666"
WIDGET_NAME = "#999"
WIDGET_VALUE = "#ddd"
BYPASSED_TITLE = "#7a1a7a"
BYPASSED_BODY = "#5b2a5b"
GROUP = "#3f789e"
MARK = "#ff5252"
OTHER_TYPE = "#9a9"
ADDED = "#3fb950"
REMOVED = "#ff6b60"
CHANGED = "#f0b429"
PAGE = "#141414"
PAGE_TEXT = "#ddd"
PAGE_QUIET = "#9a9a9a"

_TYPES = {
    "CLIP": "#FFD500",
    "CLIP_VISION": "#A8DADC",
    "CLIP_VISION_OUTPUT": "#AD7452",
    "CONDITIONING": "#FFA931",
    "CONTROL_NET": "#6EE7B7",
    "GUIDER": "#66FFFF",
    "IMAGE": "#64B5F6",
    "LATENT": "#FF9CF9",
    "MASK": "#81C784",
    "MODEL": "#B39DDB",
    "NOISE": "#B0B0B0",
    "SAMPLER": "#ECB4B4",
    "SIGMAS": "#CDFFCD",
    "STYLE_MODEL": "#C2FFAE",
    "VAE": "#FF6E6E",
}


def colour_of_type(kind: str) -> str:
    """Of a slot that takes several types, the first."""
    return _TYPES.get(kind.partition(",")[0], OTHER_TYPE)
