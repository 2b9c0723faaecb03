"""How a command ends when it cannot go on."""

from __future__ import annotations

from cli.errors import EXIT_TROUBLE, EXIT_USAGE, CommandError


def test_a_command_that_fails_is_not_blamed_on_the_usage_unless_it_says_so() -> None:
    assert CommandError("the port is taken").status == EXIT_TROUBLE
    assert CommandError("no such key file", EXIT_USAGE).status == EXIT_USAGE
