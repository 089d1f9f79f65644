"""Addresses as they may be shown and stored."""


def without_credentials(address: str) -> str:
    """The address without a user name, password or token in it; paths and ssh addresses stay as they are.

    The same for a word like `--option=address`.
    """
    scheme, separator, rest = address.partition("://")
    option, equals, scheme_of_value = scheme.rpartition("=")
    if option.startswith("--"):  # A word of a command line, which may carry an address as its value.
        return option + equals + without_credentials(f"{scheme_of_value}{separator}{rest}")
    if not separator or scheme.lower() not in ("http", "https"):
        return address
    authority, slash, path = rest.partition("/")
    return f"{scheme}://{authority.rpartition('@')[2]}{slash}{path}"
