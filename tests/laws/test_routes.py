"""Default deny: no service starts with a route that names no scope."""

import base64
from pathlib import Path

import pytest

from local.services import names
from tests.laws.copied import Copy
from tests.laws.files import ROOT

KEY = base64.b64encode(bytes(32)).decode()
SETTINGS = {
    "PORT": "1",
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
    "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
    "ISSUER": "http://127.0.0.1:1",
    "JWKS_URL": "http://127.0.0.1:1/jwks",
    "PROFILE": "development",
    "VAULT_KEY": KEY,
    "BLIND_INDEX_KEY": KEY,
    "LOG_KEY": KEY,
    "STATEMENT_KEY": KEY,
    "STATEMENT_KEYS": "",
    "POLICY_FILE": str(ROOT / "policies" / "heping-2024.toml"),
}
ROUTE = '\n\n@router.get("/v1/planted")\nasync def planted() -> None: ...\n'


@pytest.mark.parametrize("service", names())
def test_a_service_with_an_unguarded_route_does_not_start(copy: Copy, service: str) -> None:
    api = copy.root / "services" / service / "src" / service / "api"
    modules = [api.with_suffix(".py"), *sorted(api.glob("*.py"))]
    module = next(file for file in modules if file.exists() and _has_a_router(file))
    with copy.planted(str(module.relative_to(copy.root)), ROUTE):
        started = copy.run("python", "-m", service, environment=SETTINGS)
    assert started.returncode != 0
    assert "/v1/planted" in started.stderr + started.stdout


def _has_a_router(file: Path) -> bool:
    return "\nrouter = APIRouter(tags" in file.read_text("utf-8")
