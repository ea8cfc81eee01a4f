"""How the brokers let us in, read from the environment by every client: plain, or by TLS, SCRAM or both."""

from pathlib import Path
from typing import Any, Literal, Self

from aiokafka.helpers import create_ssl_context
from pydantic import model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Access(BaseSettings):
    """Settings of a client. Files are PEM; they are read at each connection, so a new certificate counts soon."""

    model_config = SettingsConfigDict(hide_input_in_errors=True)  # there are secrets beside it

    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    kafka_sasl_username: str | None = None
    kafka_sasl_password: str | None = None
    kafka_ssl_ca_file: Path | None = None  # else those of the system
    kafka_ssl_cert_file: Path | None = None  # our own, where the brokers ask for one
    kafka_ssl_key_file: Path | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        sasl = self.kafka_security_protocol.startswith("SASL")
        if sasl and not (self.kafka_sasl_username and self.kafka_sasl_password):
            raise ValueError(
                f"{self.kafka_security_protocol} needs kafka_sasl_username and kafka_sasl_password"
            )
        return self


def access() -> dict[str, Any]:
    """What a client of aiokafka is given. Raises `pydantic.ValidationError`; `OSError` or `ssl.SSLError` for
    a file that is not there or not PEM."""
    from_environment = Access()
    protocol = from_environment.kafka_security_protocol
    given: dict[str, Any] = {"security_protocol": protocol}
    if protocol.endswith("SSL"):
        given["ssl_context"] = create_ssl_context(
            cafile=from_environment.kafka_ssl_ca_file,
            certfile=from_environment.kafka_ssl_cert_file,
            keyfile=from_environment.kafka_ssl_key_file,
        )
    if protocol.startswith("SASL"):
        given["sasl_mechanism"] = from_environment.kafka_sasl_mechanism
        given["sasl_plain_username"] = from_environment.kafka_sasl_username
        given["sasl_plain_password"] = from_environment.kafka_sasl_password
    return given
