"""Found in place of Amazon's signer by programs whose PYTHONPATH begins with the folder above."""

import os
import time
from pathlib import Path

import jwt
from botocore.credentials import CredentialProvider

KEY_VARIABLE = "STANDIN_MSK_KEY"
"""Names the file with the key that tokens are signed by."""
GOOD_FOR_S = 900


def generate_auth_token_from_credentials_provider(
    region: str, aws_credentials_provider: CredentialProvider
) -> tuple[str, int]:
    """As Amazon's: a token in the credentials' name, and when it expires (Unix ms). The region is not in it."""
    name = aws_credentials_provider.load().access_key
    now = time.time()
    return sign(Path(os.environ[KEY_VARIABLE]), name, now, now + GOOD_FOR_S), int((now + GOOD_FOR_S) * 1000)


def sign(key: Path, name: str, issued_at_s: float, expires_at_s: float) -> str:
    """A token that a broker with the public half of the key can check."""
    claims = {"sub": name, "iat": int(issued_at_s), "exp": int(expires_at_s)}
    return jwt.encode(claims, key.read_bytes(), algorithm="RS256", headers={"kid": "standin"})
