"""Every import contract is seen to fail on an import that breaks it."""

import tomllib
from pathlib import PurePath

import pytest

from tests.laws.copied import Copy, is_clean, is_refused
from tests.laws.files import ROOT, files

APART = "Services do not know one another; libraries do not know services"
PURE = "The domain does no I/O"
ONLY_KAFKA = "Only common.kafka speaks to Kafka"
ONLY_ONE_KAFKA = "Inside common, only common.kafka imports aiokafka"
BY_ENVELOPE = "Audit knows envelopes only, no payload type of any other service"
OWN_LANGUAGE = "The domain knows the decider and its own published language, nothing else of ours"
INWARDS = "Inside a service, imports point inwards"
IDENTIFICATION = "identification's domain speaks no other service's language"
VISITS = "visits' domain speaks no other service's language"
AUDIT = "Inside audit, imports point inwards"
PACKAGES = "Inside a package of audit, imports point inwards"
LOG = "Inside the log, imports point inwards"
PROOFS = "The proofs of audit do no I/O"
VERIFIER = "What a supervisor runs needs nothing of ours"
COMMON = "The library is layered too"

PLANTED = [
    (APART, "visits.reactions", "identification.read_model"),
    (APART, "audit.read_model.queries", "visits.domain.states"),
    (APART, "common.operations", "audit.meaning.words"),
    (APART, "contracts.visits", "common.ids"),
    (PURE, "identification.domain.rules", "asyncpg"),
    (PURE, "visits.domain.household", "fastapi"),
    (PURE, "visits.domain.policy", "os"),
    (PURE, "contracts.wording", "pydantic"),
    (PURE, "common.decider", "asyncio"),
    (ONLY_KAFKA, "visits.main", "aiokafka"),
    (ONLY_KAFKA, "audit.rebuild", "aiokafka"),
    (ONLY_ONE_KAFKA, "common.outbox", "aiokafka"),
    (BY_ENVELOPE, "audit.meaning.sentences", "contracts.identification"),
    (OWN_LANGUAGE, "identification.domain.household", "common.eventstore"),
    (OWN_LANGUAGE, "visits.domain.household", "common.clock"),
    (INWARDS, "identification.read_model", "identification.api.forms"),
    (INWARDS, "visits.domain.states", "visits.read_model"),
    (INWARDS, "visits.reactions", "visits.main"),
    (PURE, "identification.domain.rules", "time"),
    (IDENTIFICATION, "identification.domain.rules", "contracts.visits"),
    (VISITS, "visits.domain.household", "contracts.identification"),
    (AUDIT, "audit.read_model", "audit.api.households"),
    (PACKAGES, "audit.pages.rendering", "audit.pages.county"),
    (LOG, "audit.log.tree", "audit.log.heads"),
    (PROOFS, "audit.log.tree", "asyncpg"),
    (VERIFIER, "audit.verify", "contracts.envelope"),
    (COMMON, "common.codec", "common.http"),
]


def path_of(module: str) -> str:
    """The file of a module."""
    ending = f"/src/{module.replace('.', '/')}"
    endings = (f"{ending}.py", f"{ending}/__init__.py")
    (path,) = (path for path in files("libs", "services") if path.endswith(endings))
    return path


def test_the_code_itself_is_clean(copy: Copy) -> None:
    is_clean(copy.imports())


def test_every_contract_is_broken_here() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    named = {contract["name"] for contract in contracts["contracts"]}
    assert named == {law for law, _, _ in PLANTED}


@pytest.mark.parametrize(("law", "module", "imported"), PLANTED)
def test_an_import_that_breaks_a_contract_is_named(
    copy: Copy, law: str, module: str, imported: str
) -> None:
    with copy.planted(path_of(module), f"\nimport {imported}  # noqa: E402\n"):
        is_refused(copy.imports(), f"{law} BROKEN", f"{module} -> {imported}")


@pytest.mark.parametrize(
    ("law", "package"),
    [
        (INWARDS, "identification"),
        (INWARDS, "visits"),
        (AUDIT, "audit"),
        (PACKAGES, "audit.pages"),
        (LOG, "audit.log"),
        (COMMON, "common"),
    ],
)
def test_a_file_without_a_place_is_named(copy: Copy, law: str, package: str) -> None:
    beside = path_of(package).removesuffix("__init__.py")
    with copy.planted(f"{beside}utils.py", '"""A drawer."""\n'):
        is_refused(copy.imports(), f"{law} BROKEN", f"- {package}.utils")


def test_every_service_is_under_the_contracts() -> None:
    laws = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    services = {PurePath(path).parts[1] for path in files("services")}
    assert {*services, "common", "contracts"} == set(laws["root_packages"])
    contracts = {contract["name"]: contract for contract in laws["contracts"]}
    assert set(contracts[APART]["layers"][0].split(" | ")) == services
    assert set(contracts[ONLY_KAFKA]["source_modules"]) == services
    assert set(contracts[INWARDS]["containers"]) == services - {"audit"}
    domains = {f"{name}.domain" for name in services if (ROOT / _domain(name)).is_dir()}
    for law in (PURE, OWN_LANGUAGE):
        assert domains <= set(contracts[law]["source_modules"]), law


def test_audit_is_kept_from_every_payload_of_others() -> None:
    laws = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    (law,) = (contract for contract in laws["contracts"] if contract["name"] == BY_ENVELOPE)
    published = {
        f"contracts.{PurePath(path).stem}"
        for path in files("libs/contracts/src")
        if path.endswith(".py") and "wording: ClassVar" in (ROOT / path).read_text("utf-8")
    }
    assert published - {"contracts.access"} <= set(law["forbidden_modules"])


def _domain(service: str) -> str:
    return f"services/{service}/src/{service}/domain"
