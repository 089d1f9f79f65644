"""Addresses without what nobody may see."""

import pytest

from comfydock_core.models.addresses import without_credentials


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
        ("--index=https://token@host.example/", "--index=https://host.example/"),
    ],
)
def test_credentials_are_left_out_and_nothing_else(address: str, shown: str) -> None:
    assert without_credentials(address) == shown
