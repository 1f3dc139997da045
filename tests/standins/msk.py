"""A Kafka that one signs in to as to MSK: OAUTHBEARER over TLS, for a limited time, by tokens that it verifies.

It is Apache Kafka with its own checks. Only what a token holds is a stand-in: a JWT that a key of the test signs,
instead of a request that AWS credentials sign. Programs get it from ``msk_signer``, in place of Amazon's library.
"""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from services.cli.stack.broker import Broker
from services.cli.stack.ports import HOST, require_free
from services.common.kafka import Cluster
from services.common.kafka.sign_in import Tokens
from tests.standins.certificate import write_certificate
from tests.standins.msk_signer.aws_msk_iam_sasl_signer.MSKAuthTokenProvider import KEY_VARIABLE, sign

_SIGNER = Path(__file__).parent / "msk_signer"
_OAUTH = "org.apache.kafka.common.security.oauthbearer"
_SETTINGS = f"""
listeners=PLAINTEXT://{{host}}:{{port}},CONTROLLER://{{host}}:{{controller_port}},IAM://{{host}}:{{iam_port}}
advertised.listeners=PLAINTEXT://{{host}}:{{port}},IAM://{{host}}:{{iam_port}}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,IAM:SASL_SSL
listener.name.iam.ssl.keystore.type=PEM
listener.name.iam.ssl.keystore.location={{keystore}}
listener.name.iam.sasl.enabled.mechanisms=OAUTHBEARER
listener.name.iam.oauthbearer.connections.max.reauth.ms={{signed_in_ms}}
listener.name.iam.oauthbearer.sasl.jaas.config={_OAUTH}.OAuthBearerLoginModule required;
listener.name.iam.oauthbearer.sasl.server.callback.handler.class={_OAUTH}.OAuthBearerValidatorCallbackHandler
listener.name.iam.sasl.oauthbearer.jwks.endpoint.url={{jwks}}
listener.name.iam.sasl.oauthbearer.jwt.validator.class={_OAUTH}.BrokerJwtValidator
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
allow.everyone.if.no.acl.found={{open}}
"""


class Msk(Broker):
    """As ``Broker``, to which ``cluster`` leads without sign-in, for what a test does itself."""

    def __init__(self, *, iam_port: int, signed_in_s: float, strict: bool = False, **broker: Any) -> None:
        """signed_in_s: the broker cuts a connection that asks anything so long after its last sign-in.

        strict: who signed in may do only what was granted, and not all that nothing was said about.
        """
        super().__init__(**broker)
        self._iam_port = iam_port
        self._signed_in_s = signed_in_s
        self._strict = strict
        self._keys = self._data.with_name("keys")
        self.key = self._keys / "signs.pem"
        """Signs the tokens that the broker takes."""
        self.certificate = self._keys / "certificate.pem"
        self._jwks = self._keys / "jwks.json"
        self.java_options = (
            f"-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls={self._jwks.as_uri()}",
            # A line for each sign-in and each cut.
            f"-Dorg.slf4j.simpleLogger.log.{_OAUTH}.internals.OAuthBearerSaslServer=debug",
            "-Dorg.slf4j.simpleLogger.log.kafka.network.Processor=debug",
        )

    @property
    def environment(self) -> dict[str, str]:
        """For our programs, which also need AWS credentials and a region: any."""
        return {
            "DRAGOMAN_KAFKA_BOOTSTRAP": f"{HOST}:{self._iam_port}",
            "DRAGOMAN_KAFKA_SIGN_IN": "iam",
            "SSL_CERT_FILE": str(self.certificate),
            "PYTHONPATH": str(_SIGNER),
            KEY_VARIABLE: str(self.key),
        }

    def signed_in_by(self, tokens: Tokens) -> Cluster:
        """For clients in this process, where ``SSL_CERT_FILE`` must be set as in ``environment``."""
        return Cluster(f"{HOST}:{self._iam_port}", tokens)

    @property
    def sign_ins(self) -> int:
        """How often it has taken a token, at first or again."""
        return self._log.read_text().count("Successfully authenticate")

    @property
    def cuts(self) -> int:
        """Connections that it has cut because their sign-in was too old."""
        return self._log.read_text().count("Disconnecting expired channel")

    async def rule(self, *rule: str) -> None:
        """Add a rule of who may do what, in the words of Kafka's own ``kafka-acls``."""
        command = ("java", "-cp", f"{self._jars}/*", "org.apache.kafka.tools.AclCommand")
        adding = await asyncio.create_subprocess_exec(
            *(*command, "--bootstrap-server", self.bootstrap, "--add", *rule), stdout=asyncio.subprocess.DEVNULL
        )
        assert await adding.wait() == 0

    async def start(self) -> None:
        require_free(self._iam_port, "the Kafka broker's listener with sign-in")
        await super().start()

    def _configure(self) -> Path:
        if not self._keys.exists():
            self._keys.mkdir(parents=True)
            write_keys(self._keys, self.key, self._jwks)
        return super()._configure()

    def _settings(self) -> str:
        return super()._settings() + _SETTINGS.format(
            host=HOST,
            port=self.port,
            controller_port=self._controller_port,
            iam_port=self._iam_port,
            keystore=self._keys / "keystore.pem",
            signed_in_ms=round(self._signed_in_s * 1000),
            jwks=self._jwks.as_uri(),
            open=str(not self._strict).lower(),
        )


def write_keys(folder: Path, key: Path, jwks: Path) -> None:
    """The broker's certificate with its own key; a key that signs tokens, and its public half as a broker reads it."""
    certificate, own_key = write_certificate(folder)
    (folder / "keystore.pem").write_bytes(own_key.read_bytes() + certificate.read_bytes())
    signs = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    key.write_bytes(
        signs.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    public = jwt.algorithms.RSAAlgorithm.to_jwk(signs.public_key(), as_dict=True)
    jwks.write_text(json.dumps({"keys": [{**public, "kid": "standin", "use": "sig", "alg": "RS256"}]}))


class SignedTokens(Tokens):
    """Signed in the test itself."""

    def __init__(self, key: Path, *, name: str = "test", good_for_s: float = 900) -> None:
        """name: in whose name a client then acts."""
        self._key = key
        self._name = name
        self._good_for_s = good_for_s

    async def token(self) -> str:
        now = time.time()
        return sign(self._key, self._name, now, now + self._good_for_s)
