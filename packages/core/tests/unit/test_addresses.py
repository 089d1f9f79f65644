"""Addresses without what nobody may see."""

import pytest

from comfydock_core.models.addresses import (
    holds_secrets,
    is_of_this_machine,
    login_of,
    without_credentials,
    without_credentials_in,
)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://host.example/a", "https://host.example/a"),
        ("https://token@host.example/a@b", "https://host.example/a@b"),
        ("https://name:secret@host.example:1/a", "https://host.example:1/a"),
        ("HTTPS://name:p@ss@host.example", "HTTPS://host.example"),
        ("git+https://token@host.example/a", "git+https://host.example/a"),
        ("htps://token@host.example/a", "htps://host.example/a"),
        ("ssh://git@host.example/a", "ssh://git@host.example/a"),
        ("ssh://git:secret@host.example/a", "ssh://git@host.example/a"),
        ("git@host.example:a/b", "git@host.example:a/b"),
        ("file:///srv/a@b", "file:///srv/a@b"),
        ("/srv/a@b", "/srv/a@b"),
        ("https://host.example/a?file=b&token=x", "https://host.example/a?file=b"),
        ("https://host.example/a?X-Amz-Signature=x&X-Amz-Date=1", "https://host.example/a"),
        ("https://host.example/a?sv=1&se=2&sig=x&v=3", "https://host.example/a?v=3"),
        ("https://host.example/a?sv=1&v=3", "https://host.example/a?sv=1&v=3"),
        ("https://host.example/a?Signature=x#b", "https://host.example/a#b"),
        ("https://host.example/a#access_token=x&b=1", "https://host.example/a#b=1"),
        ("https://host.example/a?q", "https://host.example/a?q"),
        ("https://name:pa/ss@host.example/a", "https://host.example/a"),
        ("https://host.example:80/a@b", "https://host.example:80/a@b"),
        ("https://[::1]/a@b", "https://[::1]/a@b"),
        ("--index=https://token@host.example/", "--index=https://host.example/"),
    ],
)
def test_credentials_are_left_out_and_nothing_else(address: str, shown: str) -> None:
    assert without_credentials(address) == shown


@pytest.mark.parametrize(
    ("address", "login"),
    [
        ("https://host.example/a@b", None),
        ("https://token@host.example/", ("token", None)),
        ("https://name:p:w@host.example/", ("name", "p:w")),
        ("https://name:@host.example/", ("name", "")),
        ("name@host.example:a", None),
    ],
)
def test_a_login_is_read_as_it_is_written(address: str, login: tuple[str, str | None] | None) -> None:
    assert login_of(address) == login


def test_secrets_of_a_query_are_masked_in_a_text() -> None:
    text = "cannot fetch `https://me:secret@h.example/a?v=1&token=secret`, see (https://h.example/?sig=secret)"
    shown = "cannot fetch `https://h.example/a?v=1&token=***`, see (https://h.example/?sig=***)"
    assert without_credentials_in(text) == shown


@pytest.mark.parametrize(
    ("value", "holds"),
    [
        ({"a": [{"downloadUrl": "https://h.example/a?sig=x"}]}, True),
        (["https://me@h.example/"], True),
        ({"a": "https://h.example/a?v=1", "b": "mail me@h.example, see https://h.example", "c": None}, False),
        ({"ssh": "git@github.com:a/b.git", "api": "https://api.example/keys{/key_id}"}, False),
    ],
)
def test_secrets_are_found_in_answers(value: object, holds: bool) -> None:
    assert holds_secrets(value) == holds


@pytest.mark.parametrize("address", ["/srv/models", "~/models", "./models", "../models", "file:///srv/models"])
def test_a_place_on_this_machine_is_told_from_those_that_others_can_reach(address: str) -> None:
    assert is_of_this_machine(address)


@pytest.mark.parametrize("address", ["https://example.org/a", "git@example.org:a/b", "civitai:12"])
def test_what_others_can_reach_is_not_of_this_machine(address: str) -> None:
    assert not is_of_this_machine(address)
