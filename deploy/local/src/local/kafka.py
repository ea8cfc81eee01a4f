"""A real Apache Kafka of one node (KRaft): jars from Maven, files made once, then plain `java`."""

import asyncio
import base64
import os
import re
import secrets
import shutil
import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path

from local.places import KAFKA_JARS, KAFKA_PROJECT, LOCAL, SETUP_LOG
from local.ports import LOOPBACK
from local.programs import Program
from local.setup import fingerprint
from local.steps import Trouble, only_one, run_quietly, step

OLDEST_JAVA = 17
INSTALL_JAVA = (
    "On Debian: apt install openjdk-17-jre-headless maven. Or give KAFKA_BOOTSTRAP_SERVERS."
)
PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller_port}
listeners=BROKER://{host}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=BROKER://{host}:{port}
listener.security.protocol.map=BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=BROKER
controller.listener.names=CONTROLLER
log.dirs={data}
broker.session.timeout.ms=4000
broker.heartbeat.interval.ms=1000
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
"""


def java() -> str:
    """The `java` to use. Raises `Trouble` if there is none, or an old one."""
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=f"{home}/bin") if home else shutil.which("java")
    if not found:
        raise Trouble(
            f"Java {OLDEST_JAVA} or newer is needed, and no java was found. {INSTALL_JAVA}"
        )
    said = subprocess.run([found, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(\d+)', said)
    if not version or int(version[1]) < OLDEST_JAVA:
        first = said.partition("\n")[0]
        raise Trouble(f"Java {OLDEST_JAVA} or newer is needed; {found} is {first}. {INSTALL_JAVA}")
    return found


def fetch_jars() -> None:
    """Bring the jars of the pinned `pom.xml`, unless they are there. Raises `Trouble`."""
    pom, stamp = KAFKA_PROJECT / "pom.xml", KAFKA_JARS / "stamp"
    wanted = fingerprint([pom])
    if stamp.is_file() and stamp.read_text("utf-8") == wanted:
        return
    maven = shutil.which("mvn")
    if not maven:
        raise Trouble(f"Maven is needed to fetch Kafka, and no mvn was found. {INSTALL_JAVA}")
    goal = [
        "dependency:copy-dependencies",
        "-DincludeScope=runtime",
        f"-DoutputDirectory={KAFKA_JARS}",
    ]
    with only_one(LOCAL / "setup.lock", "", wait=True), step("Fetching Apache Kafka with Maven"):
        shutil.rmtree(KAFKA_JARS, ignore_errors=True)
        advice = "Maven could not fetch Kafka. Is Maven's repository reachable? Run make again."
        run_quietly([maven, "-q", "-B", "-f", pom, *goal], SETUP_LOG, advice)
        stamp.write_text(wanted, encoding="utf-8")


def program(
    home: Path,
    logs: Path,
    port: int,
    controller_port: int,
    more: str = "",
    users: Sequence[str] = (),
) -> tuple[Program, str]:
    """The broker on `port` and its bootstrap address; its files are made if need be.

    `more` are lines of `server.properties`, which count before ours; `users` are SCRAM credentials as
    `kafka-storage format --add-scram` takes them.
    """
    run_java: list[str | Path] = [java(), "-cp", f"{KAFKA_JARS}/*"]
    run_java.append(f"-Dlog4j2.configurationFile={KAFKA_PROJECT / 'log4j2.properties'}")
    properties, data = home / "kafka" / "server.properties", home / "kafka" / "data"
    properties.parent.mkdir(parents=True, exist_ok=True)
    settings = {"host": LOOPBACK, "port": port, "controller_port": controller_port, "data": data}
    properties.write_text(PROPERTIES.format(**settings) + more, encoding="utf-8")
    if not (data / "meta.properties").exists():
        cluster = base64.urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")
        tool: list[str | Path] = ["kafka.tools.StorageTool", "format", f"--cluster-id={cluster}"]
        tool += [word for user in users for word in ("--add-scram", user)]
        advice = "Kafka could not lay its files."
        run_quietly([*run_java, *tool, "-c", properties], logs / "setup.log", advice)

    async def ready() -> str | None:
        return await _answers(port)

    # Beside all the others on few cores, and seldom for long: the second compiler would take more of
    # the processor than it ever gives back.
    machine = ("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
    command = (*map(str, run_java), *machine, "kafka.Kafka", str(properties))
    return Program("kafka", command, logs / "kafka.log", ready), f"{LOOPBACK}:{port}"


async def _answers(port: int) -> str | None:
    """Ask which versions the broker speaks: the one question that every Kafka answers to anybody."""
    # Length, then api key 18, version 0, correlation 1, no client name.
    question = struct.pack(">ihhih", 10, 18, 0, 1, -1)
    try:
        async with asyncio.timeout(2):
            reader, writer = await asyncio.open_connection(LOOPBACK, port)
            try:
                writer.write(question)
                await reader.readexactly(4)
            finally:
                writer.close()
    except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
        return f"{type(error).__name__}: {error}"
    return None
