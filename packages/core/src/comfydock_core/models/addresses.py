"""What in an address is secret, and whether it means anything elsewhere.

What is kept, told, logged or given to a program as an argument goes through here.

A login is, and so are the parts of a query that open a door: tokens, and the signatures that storage puts into what
it links to. The rest of a query says what is meant, and stays.
"""

import re

# Here the user name is part of the address; who it is decides nothing without a key or a password.
_NAMING_THEIR_USER = frozenset({"ssh", "git+ssh", "ssh+git"})
_SECRET_BEGINNINGS = ("x-amz-", "x-goog-", "x-oss-", "x-ms-", "q-sign", "q-ak")
_SECRETS = frozenset(
    (
        "access_key", "access_token", "accesskey", "api_key", "api-key", "apikey", "auth", "auth_token",
        "authorization", "awsaccesskeyid", "bearer", "client_secret", "code", "credential", "credentials",
        "googleaccessid", "hmac", "id_token", "jwt", "key", "key-pair-id", "ossaccesskeyid", "pass", "passwd",
        "password", "policy", "private_token", "pw", "pwd", "refresh_token", "sas", "secret",
        "security_token", "session", "sessionid", "sig", "sign", "signature", "token", "user", "username",
        "x-token",
    )
)  # fmt: skip
# What goes with a signature of Azure's, by names too short to mean anything alone.
_WITH_SIG = frozenset(["se", "sip", "sks", "skv", "ske", "skt", "skoid", "sktid", "sp", "spr", "sr", "st", "sv"])
_LOGIN = re.compile(r"(https?://)[^\s/?#]*@|(\w://[^\s/?#:@]*):[^\s/?#]*(?=@)", re.IGNORECASE)
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)
_PART = re.compile(r"([?&#;])([\w.%~-]+)=([^&;#\s\"'`<>)\]]+)")


def is_of_this_machine(address: str) -> bool:
    """Whether it names a place on one machine alone: nobody elsewhere can get what is there."""
    return address.startswith(("/", "~", ".", "file:"))


def without_credentials(address: str) -> str:
    """The address without a user name, password, token or signature in it; an ssh address keeps its user name.

    Paths and scp-like addresses stay as they are. The same for a word like `--option=address`.
    """
    scheme, separator, rest = address.partition("://")
    option, equals, scheme_of_value = scheme.rpartition("=")
    if option.startswith("--"):  # A word of a command line, which may carry an address as its value.
        return option + equals + without_credentials(f"{scheme_of_value}{separator}{rest}")
    if not separator:
        return address
    login, host = _login_and_rest(rest)
    name = login.partition(":")[0] + "@" if login and scheme.lower() in _NAMING_THEIR_USER else ""
    return f"{scheme}://{name}{_without_secret_parts(host)}"


def login_of(address: str) -> tuple[str, str | None] | None:
    """User name and password of an address, as they are written there; `None` without a login."""
    _, separator, rest = address.partition("://")
    login, _ = _login_and_rest(rest) if separator else ("", "")
    name, colon, password = login.partition(":")
    return (name, password if colon else None) if login else None


def holds_secrets(value: object) -> bool:
    """Whether some text in a value as JSON has it is an address with something secret in it."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
        elif isinstance(one, str) and _ADDRESS.fullmatch(one) and without_credentials(one) != one:
            return True
    return False


def without_credentials_in(text: str) -> str:
    """A text, such as a requirement, without what is secret in the addresses in it; ssh keeps its user name."""
    cleaned = _LOGIN.sub(lambda match: match[1] or match[2], text)
    return _PART.sub(_masked, cleaned) if "://" in cleaned else cleaned


def _login_and_rest(rest: str) -> tuple[str, str]:
    """What follows `://`, taken apart at the end of its login; also where a password has a slash, as none may."""
    authority, slash, path = rest.partition("/")
    login, at, host = authority.rpartition("@")
    if at:
        return login, f"{host}{slash}{path}"
    port = re.sub(r"[?#].*", "", authority.rpartition("]")[2].partition(":")[2])
    if port and not port.isdecimal() and "@" in path:
        login, _, host = rest.rpartition("@")
        return login, host
    return "", rest


def _without_secret_parts(rest: str) -> str:
    """Host, path and query without the secret parts of query and fragment."""
    before, hash_sign, fragment = rest.partition("#")
    path, question, query = before.partition("?")
    query, fragment = _harmless(query), _harmless(fragment)
    return path + (question + query if query else "") + (hash_sign + fragment if fragment else "")


def _harmless(query: str) -> str:
    if "=" not in query:
        return query
    parts = query.split("&")
    names = {_name(part) for part in parts}
    also = _WITH_SIG if "sig" in names else frozenset[str]()
    return "&".join(part for part in parts if not _is_secret(_name(part)) and _name(part) not in also)


def _name(part: str) -> str:
    return part.partition("=")[0].lower()


def _is_secret(name: str) -> bool:
    return name in _SECRETS or name.startswith(_SECRET_BEGINNINGS)


def _masked(match: "re.Match[str]") -> str:
    return f"{match[1]}{match[2]}=***" if _is_secret(match[2].lower()) else match[0]
