"""Policy parameters over HTTP: what is published, what is in force, and publishing a version."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import Field, WithJsonSchema

from common.auth import AREA_CODE, Principal, allow
from common.clock import start_of
from common.form import Day, Form
from common.http import answered, circumstances, expected_version
from common.intents import Intent
from common.problems import Problem, fault
from contracts.policies import ParameterKind
from identification.api.fields import NamesNobody, Said
from identification.api.keys import key_of
from identification.api.wired import wired
from identification.domain.parameters import Parameter
from identification.domain.policy import Policy
from identification.domain.publishing import PUBLISHED, PublishVersion
from identification.effects.publication import stream_of
from identification.read_model import policies

router = APIRouter(tags=["policies"])

# What of it is wrong the domain says, by the key; a union would be told of in both its ways.
Value = Annotated[Any, WithJsonSchema({"anyOf": [{"type": "integer"}, {"type": "string"}]})]
Code = Annotated[str, Field(pattern=AREA_CODE, examples=["441624"])]


class ParameterForm(Form):
    """One value and where it comes from."""

    key: Annotated[str, Field(max_length=64, examples=["income_line_fen"])]
    value: Annotated[Value, Field(examples=[1_100_000])]
    kind: ParameterKind
    source: Annotated[str, Said, Field(max_length=200, examples=["县办〔2024〕7号"]), NamesNobody]


class VersionForm(Form):
    """A version for one region; keys that it leaves out are those of the enclosing region."""

    version: Annotated[
        str, Field(pattern=r"^[0-9A-Za-z/_-]{1,40}$", examples=["44-16-24/2024/7"]), NamesNobody
    ]
    region: Code
    effective_from: date
    effective_to: date | None = None
    published_on: date
    parameters: Annotated[list[ParameterForm], Field(min_length=1, max_length=200)]


@router.get("/v1/policies", summary="Every published version with its parameters")
async def versions(
    request: Request,
    response: Response,
    caller: Annotated[Principal, allow("households:read")],
    region: Code | None = None,
) -> list[policies.Published]:
    """Each value with its kind (policy or default) and source.

    Of one `region`, `ETag` is the version that `If-Match` of its next publication may expect.
    """
    pool = wired(request).runtime.pool
    if region:
        response.headers["ETag"] = f'"{await policies.version_of(pool, stream_of(region))}"'
    return await policies.listed(pool, region)


@router.get("/v1/policies/in-force", summary="The parameters for an area and a business date")
async def in_force(
    request: Request,
    caller: Annotated[Principal, allow("households:read")],
    region: Code,
    on: Day | None = None,
    decided_on: Day | None = None,
) -> Policy:
    """As known on `decided_on`; both dates are today unless given. `version` names what is used."""
    app = wired(request)
    today = app.runtime.clock.today()
    return app.policies.of(region, on or today, decided_on or today)


@router.post("/v1/policies", status_code=201, summary="Publish a version of the parameters")
async def publish(
    form: VersionForm, request: Request, caller: Annotated[Principal, allow("policies:publish")]
) -> Response:
    """A published value never changes; households are screened anew, nothing decided is judged again."""
    caller.must_cover(form.region)
    app = wired(request)
    other = await policies.region_of(app.runtime.pool, form.version)
    if other not in (None, form.region):
        details = {"version": form.version, "region": other}
        raise Problem("policy-version-in-use", details, [fault("/version", "value")])
    today = app.runtime.clock.today()
    intent = Intent(
        stream=stream_of(form.region),
        household_id=None,
        decider=PUBLISHED,
        command=PublishVersion(
            version=form.version,
            region=form.region,
            effective_from=form.effective_from,
            effective_to=form.effective_to,
            published_on=form.published_on,
            parameters=tuple(Parameter(**dict(p)) for p in form.parameters),
            today=today,
        ),
        context=circumstances(
            caller,
            region=form.region,
            occurred_at=min(start_of(form.published_on), app.runtime.clock.now()),
            policy_version=form.version,
        ),
        key=await key_of(request, caller),
        expected_version=expected_version(request),
    )
    recorded = await app.runtime.writer.execute(intent)
    await policies.refresh(app.policies, app.runtime.pool)
    return answered(recorded)
