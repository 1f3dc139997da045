"""Amazon Translate."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import structlog

from services.common.errors import EngineRejected
from services.common.languages import LANGUAGES
from services.translator import metrics
from services.translator.aws.breaker import Circuit
from services.translator.aws.calls import MISSING_HERE, at_start, code_of, faults, open_client
from services.translator.aws.quota import Quota
from services.translator.aws.style import Style

MAX_BYTES = 10_000
"""Of one text, in UTF-8: the service's own limit."""
_CONNECTIONS = 32

log = structlog.get_logger(__name__)


class AmazonTranslator:
    """``Translator`` over the codes of the language table that the region offers."""

    def __init__(self, client: Any, codes: Mapping[str, str], arguments: Mapping[str, Any], quota: Quota) -> None:
        """codes: Translate's own, by ours."""
        self._client = client
        self._codes = codes
        self._arguments = arguments
        self._quota = quota
        self._circuit = Circuit("translate")

    @classmethod
    @asynccontextmanager
    async def open(cls, style: Style, *, per_s: float, patience_s: float) -> AsyncIterator["AmazonTranslator"]:
        """Ready once the service has answered. per_s, patience_s: see ``Quota``. Raises SettingsError."""
        async with open_client("translate", connections=_CONNECTIONS) as client:
            offered = await at_start("translate", lambda: _offered(client))
            table = {code: language.aws.translate for code, language in LANGUAGES.items()}
            codes = {code: theirs for code, theirs in table.items() if theirs in offered}
            if missing := [code for code, theirs in table.items() if theirs and code not in codes]:
                log.warning("language_missing", service="translate", languages=missing, remedy=MISSING_HERE)
            terminology = await at_start("translate", lambda: _terminology(client, style.terminology))
            arguments = {"Settings": _settings(style), "TerminologyNames": terminology}
            yield cls(client, codes, arguments, Quota("translate", per_s=per_s, patience_s=patience_s))

    async def translate(self, text: str, source: str, target: str) -> str:
        """See ``Translator``."""
        if source not in self._codes or target not in self._codes:
            raise EngineRejected(f"no translation from {source} to {target}")
        if (size := len(text.encode())) > MAX_BYTES:
            raise EngineRejected(f"{size} bytes in one call; at most {MAX_BYTES}")
        if not text.strip():
            return ""
        with self._circuit.call(), faults("Translate", self._quota):
            await self._quota.turn()
            answer = await self._client.translate_text(
                Text=text,
                SourceLanguageCode=self._codes[source],
                TargetLanguageCode=self._codes[target],
                **self._arguments,
            )
        metrics.BILLED_CHARACTERS.labels("translate").inc(len(text))
        return str(answer["TranslatedText"])

    def targets(self, source: str) -> frozenset[str]:
        """See ``Translator``. From any of its languages to any other."""
        return frozenset(self._codes) - {source} if source in self._codes else frozenset()


async def _offered(client: Any) -> frozenset[str]:
    """Translate's codes in this region. Raises EngineError."""
    codes: set[str] = set()
    position: dict[str, str] = {}
    while True:
        with faults("Translate ListLanguages"):
            page = await client.list_languages(**position)
        codes.update(one["LanguageCode"] for one in page["Languages"])
        if "NextToken" not in page:
            return frozenset(codes)
        position = {"NextToken": page["NextToken"]}


async def _terminology(client: Any, name: str) -> list[str]:
    """The terminology's name if it is there: talks go on without one that isn't. Raises EngineError."""
    if not name:
        return []
    try:
        with faults("Translate GetTerminology"):
            await client.get_terminology(Name=name)
    except EngineRejected as fault:
        if code_of(fault) != "ResourceNotFoundException":
            raise
        log.error("terminology_missing", name=name, remedy="import it in this region; until then it is left out")
        return []
    return [name]


def _settings(style: Style) -> dict[str, str]:
    return {
        **({"Formality": style.formality.upper()} if style.formality != "unset" else {}),
        **({"Profanity": "MASK"} if style.mask_profanity else {}),
        **({"Brevity": "ON"} if style.brevity else {}),
    }
