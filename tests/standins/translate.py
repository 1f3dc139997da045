"""Amazon Translate as aiobotocore speaks it: JSON 1.1, operations in a header. It knows a few phrases, marks others."""

import json
from typing import Any

from aiohttp import web

from tests.standins.faults import Fault
from tests.standins.published import TRANSLATE_CODES
from tests.standins.rest import Invalid, Service, break_off

_PHRASES = {
    ("Good morning.", "pt"): "Bom dia.",
    ("Good morning.", "es"): "Buenos días.",
    ("Good morning.", "fr"): "Bonjour.",
    ("Good morning.", "it"): "Buongiorno.",
    ("Good morning.", "ca"): "Bon dia.",
}
_TARGET = "AWSShineFrontendService_20170701"
_MAX_BYTES = 10_000


class TranslateStandIn(Service):
    """``terminologies``: names that the account has. ``codes``: languages that the region has."""

    name = "translate"

    def __init__(self) -> None:
        super().__init__()
        self.codes = list(TRANSLATE_CODES)
        self.terminologies: set[str] = set()

    def application(self) -> web.Application:
        application = web.Application()
        application.router.add_post("/", self._answer)
        return application

    async def _answer(self, request: web.Request) -> web.Response:
        target, _, operation = request.headers["x-amz-target"].partition(".")
        assert target == _TARGET
        assert request.headers["authorization"].startswith("AWS4-HMAC-SHA256 ")
        arguments = json.loads(await request.read())
        await self.hang()
        if fault := await self.faults.next(operation):
            return break_off(request) if fault.code is None else _error(fault)
        try:
            self.heard(operation, arguments)
        except Invalid as invalid:
            return _error(Fault("ValidationException", message=str(invalid)))
        found: dict[str, Any] | Fault = getattr(self, f"_{operation}")(arguments)
        return _error(found) if isinstance(found, Fault) else _packed(found)

    def _ListLanguages(self, arguments: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        """In two pages, so that whoever reads only the first is found out."""
        half = len(self.codes) // 2
        first = "NextToken" not in arguments
        shown = self.codes[:half] if first else self.codes[half:]
        page = {"Languages": [{"LanguageCode": code, "LanguageName": code} for code in shown]}
        return {**page, "NextToken": "rest"} if first else page

    def _GetTerminology(self, arguments: dict[str, Any]) -> dict[str, Any] | Fault:  # noqa: N802
        if arguments["Name"] not in self.terminologies:
            return Fault("ResourceNotFoundException")
        return {"TerminologyProperties": {"Name": arguments["Name"]}}

    def _TranslateText(self, arguments: dict[str, Any]) -> dict[str, Any] | Fault:  # noqa: N802
        text, target = arguments["Text"], arguments["TargetLanguageCode"]
        if len(text.encode()) > _MAX_BYTES:
            return Fault("TextSizeLimitExceededException")
        if {arguments["SourceLanguageCode"], target} - set(self.codes):
            return Fault("UnsupportedLanguagePairException")
        if set(arguments.get("TerminologyNames", [])) - self.terminologies:
            return Fault("ResourceNotFoundException")
        return {
            "TranslatedText": _PHRASES.get((text, target), f"{target}:{text}"),
            "SourceLanguageCode": arguments["SourceLanguageCode"],
            "TargetLanguageCode": target,
        }


def _packed(content: dict[str, Any], status: int = 200) -> web.Response:
    return web.Response(text=json.dumps(content), status=status, content_type="application/x-amz-json-1.1")


def _error(fault: Fault) -> web.Response:
    return _packed({"__type": f"com.amazonaws.translate#{fault.code}", "message": fault.message}, fault.status)
