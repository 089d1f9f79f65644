"""Files that have the name of a model and are something else: pages, pointers, what was never written."""

import re

from comfydock_core.analyzers.model_files.content import quoted

_PAGE = re.compile(rb"\s*(<!doctype html|<html|<\?xml|<head)", re.IGNORECASE)
_TITLE = re.compile(rb"<title[^>]*>([^<]{1,300})", re.IGNORECASE)
_POINTER = b"version https://git-lfs.github.com/spec/"
_JSON = re.compile(rb"\s*[\[{]")


def what_else(beginning: bytes, size: int) -> str | None:
    """Why this cannot be a model, in words, when its beginning shows what it is instead."""
    if size == 0:
        return "it is empty"
    if not beginning.strip(b"\0"):
        return "it begins with zeros alone: it was set aside, and its content was never written"
    if _PAGE.match(beginning):
        title = _TITLE.search(beginning)
        named = f", titled {quoted(title[1].decode('utf-8', 'replace'))}" if title else ""
        return f"it is a web page{named}, and not a model"
    if beginning.startswith(_POINTER):
        return "it is a pointer of Git LFS: the model itself was not fetched"
    if _JSON.match(beginning):
        return "it is a JSON text, and not a model"
    return None
