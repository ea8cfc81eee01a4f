"""A broker that lets in only who it knows, over TLS: everything that speaks to Kafka gets in, and nobody else."""

import ipaddress
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import ValidationError

from common.ids import new_id
from common.kafka import KafkaError, Log, LogScan, Message, Place, Topic, ensure_topics
from common.settings import Settings
from local import kafka
from local.ports import LOOPBACK, free_ports
from local.programs import kept

SECURE = """\
listeners=BROKER://{host}:{plain},CONTROLLER://{host}:{controller},SECURE://{host}:{port}
advertised.listeners=BROKER://{host}:{plain},SECURE://{host}:{port}
listener.security.protocol.map=BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURE:SASL_SSL
listener.name.secure.sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.secure.scram-sha-512.sasl.jaas.config=\
org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.secure.ssl.keystore.type=PEM
listener.name.secure.ssl.keystore.location={keystore}
"""


@dataclass(frozen=True)
class Broker:
    """Where a broker listens for who has a password, and the certificate by which it is known."""

    address: str
    certificate: Path


@pytest.fixture(scope="module")
async def broker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Broker]:
    """A Kafka of its own: what it asks for is a matter of the whole server."""
    kafka.fetch_jars()
    home, ports = tmp_path_factory.mktemp("secured"), free_ports()
    port, plain, controller = (ports[name] for name in ("audit", "kafka", "kafka_controller"))
    certificate, keystore = certified(home)
    more = SECURE.format(
        host=LOOPBACK, port=port, plain=plain, controller=controller, keystore=keystore
    )
    user = "SCRAM-SHA-512=[name=tallies,password=correct-horse]"
    program, _ = kafka.program(home, home / "logs", plain, controller, more, [user])
    async with kept(program, print) as started:
        await started.until_ready()
        yield Broker(f"{LOOPBACK}:{port}", certificate)


def certified(home: Path) -> tuple[Path, Path]:
    """A certificate of this machine, and the same with its key, as PEM files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "broker")])
    now = datetime.now(UTC)  # noqa: TID251 — the clock of TLS is the machine's
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(LOOPBACK))]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    certificate, keystore = home / "broker.pem", home / "keystore.pem"
    certificate.write_bytes(made.public_bytes(pem))
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    keystore.write_bytes(private + made.public_bytes(pem))
    return certificate, keystore


@pytest.fixture
def known(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> Broker:
    """With the settings of who is let in."""
    monkeypatch.setenv("KAFKA_SECURITY_PROTOCOL", "SASL_SSL")
    monkeypatch.setenv("KAFKA_SASL_USERNAME", "tallies")
    monkeypatch.setenv("KAFKA_SASL_PASSWORD", "correct-horse")
    monkeypatch.setenv("KAFKA_SSL_CA_FILE", str(broker.certificate))
    return broker


async def test_by_password_and_tls_topics_are_made_written_and_read(known: Broker) -> None:
    place = Place(f"tallies.{new_id()}", 0)
    message = Message(place.topic, b"key", [("name", b"value")], b"said")
    await ensure_topics(known.address, 1, [Topic(place.topic, 1)])
    log = Log(known.address)
    await log.publish([message])
    await log.close()

    scan = LogScan(known.address)
    found = [record async for _, some in scan.to_end([place], 10) for record in some]
    await scan.close()
    assert [record.value for record in found] == [b"said"]


@pytest.mark.parametrize(
    "changed",
    [
        {"KAFKA_SASL_PASSWORD": "guessed"},
        {"KAFKA_SASL_USERNAME": "somebody"},
        {"KAFKA_SSL_CA_FILE": ""},  # then those of the system, which do not know this one
        {"KAFKA_SECURITY_PROTOCOL": "SSL"},
        {"KAFKA_SECURITY_PROTOCOL": "PLAINTEXT"},
    ],
    ids=str,
)
async def test_nobody_else_is_let_in_nor_trusts_another_broker(
    known: Broker, monkeypatch: pytest.MonkeyPatch, changed: dict[str, str]
) -> None:
    for name, value in changed.items():
        monkeypatch.setenv(name, value) if value else monkeypatch.delenv(name)

    log = Log(known.address)
    with pytest.raises((KafkaError, TimeoutError)):
        await log.publish([])
    await log.close()


@pytest.mark.parametrize("missing", ["KAFKA_SASL_USERNAME", "KAFKA_SASL_PASSWORD", "PORT"])
def test_what_is_missing_is_named_at_the_start_and_no_secret_with_it(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    given = {
        "PORT": "0",
        "DATABASE_URL": "postgresql://tallies:correct-horse@nowhere/tallies",
        "KAFKA_BOOTSTRAP_SERVERS": "nowhere:1",
        "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
        "KAFKA_SASL_USERNAME": "tallies",
        "KAFKA_SASL_PASSWORD": "correct-horse",
        "ISSUER": "http://nowhere",
        "JWKS_URL": "http://nowhere",
        "STATEMENT_KEY": "correct-horse",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert Settings()
    monkeypatch.delenv(missing)

    with pytest.raises(ValidationError) as raised:
        Settings()
    assert missing.lower() in str(raised.value)
    assert "correct-horse" not in str(raised.value)
