"""The rules of sessions where neither HTTP nor the speaker's socket has a part."""

import pytest

from services.ingest.sessions import Refused
from tests.unit.ingest.fakes import Signer, running


async def test_what_is_too_long_for_a_name_is_unknown_without_asking_the_store(signer: Signer) -> None:
    async with running(signer) as ingest:
        ingest.store.gone = True
        for asked in (ingest.sessions.find("x" * 3_000), ingest.sessions.owned("x" * 3_000, "speaker-1")):
            with pytest.raises(Refused) as refused:
                await asked
            assert refused.value.status == 404
