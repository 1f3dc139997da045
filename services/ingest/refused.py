"""What a caller can't have."""


class Refused(Exception):
    """The caller can't have that. ``status`` is HTTP's; the message says what to do."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
