"""Errors of the engines and stores say what the caller may do next; the cause is always chained."""


class EngineError(Exception):
    """An engine (recognizer, translator, synthesizer) did not do its work."""


class EngineUnavailable(EngineError):
    """It may work later: throttled, timed out, died. Retry within the caller's time."""


class EngineRejected(EngineError):
    """It will never take this input: mark the result as failed and go on."""


class Fatal(Exception):
    """This process can't be trusted to go on (fenced, stuck): end it, its supervisor starts it again."""
