"""Errors as a family: codes are distinct and stable in form, and every class explains itself."""

import inspect
import re

from comfydock_core.models import exceptions
from comfydock_core.models.exceptions import ComfyDockError

CLASSES = [
    value
    for value in vars(exceptions).values()
    if inspect.isclass(value) and issubclass(value, ComfyDockError)
]  # fmt: skip


def test_every_code_is_kebab_case_and_there_once() -> None:
    codes = [error.code for error in CLASSES]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", code) for code in codes)


def test_every_class_explains_itself_and_has_an_exit_code_of_the_table() -> None:
    assert all(error.__doc__ for error in CLASSES)
    assert {error.exit_code for error in CLASSES} <= {1, 2, 3, 4, 5, 6, 7, 8}
