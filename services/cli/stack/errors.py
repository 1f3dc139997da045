"""What can go wrong with the stack."""


class StackError(Exception):
    """The stack can't start or go on. One message for a person, which says what to do."""
