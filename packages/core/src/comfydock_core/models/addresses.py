"""Addresses as they may be shown and stored."""


def without_credentials(address: str) -> str:
    """The address without a user name, password or token in it; paths and ssh addresses stay as they are."""
    scheme, separator, rest = address.partition("://")
    if not separator or scheme.lower() not in ("http", "https"):
        return address
    authority, slash, path = rest.partition("/")
    return f"{scheme}://{authority.rpartition('@')[2]}{slash}{path}"
