"""What can go wrong in a command, said in one line for a person."""


class CliError(Exception):
    """The message says what happened and what to do."""

    exit_code = 1


class WrongUse(CliError):
    """Something that was given can't be used."""

    exit_code = 2
