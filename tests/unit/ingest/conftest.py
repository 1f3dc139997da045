"""One signing key for all tests, since making one takes long."""

import pytest

from tests.unit.ingest.fakes import Signer


@pytest.fixture(scope="session")
def signer() -> Signer:
    return Signer()
