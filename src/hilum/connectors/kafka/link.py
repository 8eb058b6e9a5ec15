"""What producer and consumer share: where the cluster is, as whom, and what the library's errors mean in words."""

from __future__ import annotations

import importlib
import logging
from typing import Any, Final, Literal

from pydantic import Field, SecretStr, field_validator, model_validator

from hilum.connectors.tls import ClientTls
from hilum.errors import Down, SettingsError

KEY_HEADER: Final = "Hilum-Idempotency-Key"
"""The header that carries the idempotency key: Kafka itself recognises no repetition of another session."""


class LinkSettings(ClientTls):
    """Settings of a connection to Kafka: where, and as whom."""

    servers: tuple[str, ...] = Field(
        min_length=1, description="Brokers to begin with, host:port", examples=[["kafka-1:9092", "kafka-2:9092"]]
    )
    user: str = Field(default="", description="User name; empty: none", examples=["hilum"])
    password: SecretStr | None = Field(default=None, description="Password of the user", examples=["${KAFKA_PASSWORD}"])
    mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        default="SCRAM-SHA-512", description="How the user logs in (SASL); PLAIN needs TLS", examples=["SCRAM-SHA-256"]
    )
    answer_timeout: float = Field(
        default=10,
        ge=0.1,
        description="Seconds to wait for an answer of the cluster",
        examples=[10],
        json_schema_extra={"unit": "s"},
    )

    @field_validator("servers", mode="before")
    @classmethod
    def _one_is_a_list(cls, servers: Any) -> Any:
        return (servers,) if isinstance(servers, str) else servers

    @model_validator(mode="after")
    def _whole_login(self) -> LinkSettings:
        if bool(self.user) != (self.password is not None):
            raise ValueError("give user and password, or neither")
        if self.user and self.mechanism == "PLAIN" and not self.tls:
            raise ValueError("PLAIN shows the password to the network: set tls = true, or another mechanism")
        return self

    def options(self) -> dict[str, Any]:
        """As the library wants it. Raises `SettingsError` for certificates that cannot be used."""
        context = self.client_context()
        protocol = ("SASL_SSL" if context else "SASL_PLAINTEXT") if self.user else ("SSL" if context else "PLAINTEXT")
        found: dict[str, Any] = {
            "bootstrap_servers": list(self.servers),
            "request_timeout_ms": int(self.answer_timeout * 1000),
            "security_protocol": protocol,
            "ssl_context": context,
        }
        if self.user and self.password is not None:
            found |= {
                "sasl_mechanism": self.mechanism,
                "sasl_plain_username": self.user,
                "sasl_plain_password": self.password.get_secret_value(),
            }
        return found


def library() -> Any:
    """The client library. Raises `SettingsError` where it is not installed."""
    try:
        found = importlib.import_module("aiokafka")
    except ImportError:
        raise SettingsError("kafka: the library is not installed: pip install 'hilum[kafka]'") from None
    # it logs each attempt as an error; what matters is in the outcomes, and in the warnings of this package
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    return found


def errors() -> Any:
    """The library's errors."""
    return importlib.import_module("aiokafka.errors")


def reason(error: BaseException) -> str:
    """What happened, in words without payload: the library's own words may quote one."""
    kinds = errors()
    match error:
        case kinds.KafkaConnectionError() | kinds.NodeNotReadyError() | ConnectionError():
            return "no broker can be reached"
        case kinds.AuthenticationFailedError() | kinds.IllegalSaslStateError() | kinds.UnsupportedSaslMechanismError():
            return "the login is refused: check user, password and mechanism"
        case kinds.UnknownTopicOrPartitionError():
            return "there is no such topic"
        case kinds.TopicAuthorizationFailedError() | kinds.GroupAuthorizationFailedError():
            return "the user may not use this topic or group"
        case TimeoutError() | kinds.KafkaTimeoutError() | kinds.RequestTimedOutError():
            return "no answer in time"
        case _:
            return type(error).__name__


async def look(settings: LinkSettings) -> list[str]:
    """The topics of the cluster. Raises `Down` with the reason."""
    admin_module = importlib.import_module("aiokafka.admin")
    admin = admin_module.AIOKafkaAdminClient(**settings.options())
    try:
        await admin.start()
        return sorted(await admin.list_topics())
    except Exception as error:  # noqa: BLE001 - whatever the library says, the cluster gave no answer
        raise Down(f"kafka://{settings.servers[0]}: {reason(error)}") from None
    finally:
        await admin.close()
