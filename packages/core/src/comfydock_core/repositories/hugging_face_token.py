"""The token of Hugging Face, where its own tools keep it."""

import os

_LARGEST = 4096


def hugging_face_token() -> str | None:
    """`HF_TOKEN`, `HUGGING_FACE_HUB_TOKEN`, or what `hf auth login` wrote; `None` without any. Raises nothing."""
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        given = _usable(os.environ.get(name, ""))
        if given:
            return given
    try:
        with open(_token_file(), encoding="ascii") as file:
            return _usable(file.read(_LARGEST))
    except (OSError, ValueError):
        return None


def _token_file() -> str:
    named = os.environ.get("HF_TOKEN_PATH")
    if named:
        return os.path.expanduser(named)
    caches = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return os.path.expanduser(f"{os.environ.get('HF_HOME') or f'{caches}/huggingface'}/token")


def _usable(text: str) -> str | None:
    """A token that can stand in a header."""
    token = text.strip()
    return token if token and token.isascii() and token.isprintable() and " " not in token else None
