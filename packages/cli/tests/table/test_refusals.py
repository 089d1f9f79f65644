"""What is said about options that do not go together."""

import pytest

from comfydock_cli.table.refusals import UsageError, refuse_beside


def test_the_first_option_that_was_given_beside_another_is_named() -> None:
    with pytest.raises(UsageError) as refused:
        refuse_beside("--one", {"--two": None, "--three": "x", "--four": True})
    assert refused.value.message == "`--one` and `--three` cannot be combined"
    assert refused.value.hint == "leave one of them out"


def test_options_that_were_not_given_are_not_in_the_way() -> None:
    refuse_beside("--one", {"--two": None, "--three": False, "--four": ""})
