"""What all tests of the command share."""

from tests.support import any_speed  # noqa: F401 - importing it is all
