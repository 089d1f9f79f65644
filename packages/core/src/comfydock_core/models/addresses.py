"""Addresses as they may be shown and stored."""

# Here the user name is part of the address; who it is decides nothing without a key or a password.
_NAMING_THEIR_USER = frozenset({"ssh", "git+ssh", "ssh+git"})


def without_credentials(address: str) -> str:
    """The address without a user name, password or token in it; an ssh address keeps its user name.

    Paths and scp-like addresses stay as they are. The same for a word like `--option=address`.
    """
    scheme, separator, rest = address.partition("://")
    option, equals, scheme_of_value = scheme.rpartition("=")
    if option.startswith("--"):  # A word of a command line, which may carry an address as its value.
        return option + equals + without_credentials(f"{scheme_of_value}{separator}{rest}")
    if not separator:
        return address
    authority, slash, path = rest.partition("/")
    login, at, host = authority.rpartition("@")
    kept = login.partition(":")[0] + at if scheme.lower() in _NAMING_THEIR_USER else ""
    return f"{scheme}://{kept}{host}{slash}{path}"
