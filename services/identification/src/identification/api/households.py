"""Registering households, one or many, and reading them."""

from datetime import date
from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Request, Response
from pydantic import TypeAdapter, ValidationError

from common import batch
from common.auth import Principal, allow
from common.batch import Item
from common.clock import start_of
from common.errors import invalid
from common.http import circumstances, only_filters
from common.intents import Intent
from common.problems import Problem, fault
from contracts.codes import Category, Origin, RiskType
from contracts.households import HouseholdRegistered
from contracts.persons import Denial
from contracts.stages import Stage
from identification.api.access import refuse
from identification.api.forms import HouseholdForm
from identification.api.sealing import Recognised, number_faults, person_of, recognise, sealed
from identification.api.wired import Wired, wired
from identification.domain.entry import Status
from identification.domain.household import HOUSEHOLD
from identification.domain.register_commands import RegisterHousehold
from identification.identity import normalised
from identification.read_model import register
from identification.read_model.tables import HouseholdRow

router = APIRouter(tags=["households"])

_form = TypeAdapter(HouseholdForm)

# Which department a risk is routed to (S8.2-02); a department reads only what is routed to it.
ROUTED: dict[str, frozenset[str]] = {
    RiskType.ILLNESS: frozenset({"yibao", "weijian"}),
    RiskType.DISABILITY: frozenset({"canlian", "minzheng"}),
    RiskType.SCHOOLING: frozenset({"jiaoyu"}),
    RiskType.UNSTABLE_EMPLOYMENT: frozenset({"renshe"}),
    RiskType.UNSAFE_HOUSING: frozenset({"zhujian"}),
    RiskType.UNSAFE_WATER: frozenset({"shuiwu"}),
    RiskType.INDUSTRY_FAILURE: frozenset({"nongye"}),
    RiskType.LOW_INCOME: frozenset({"minzheng"}),
}
FILTERS = (
    "region", "stage", "status", "origin", "category", "marginal_2019", "has_labour", "register_number",
    "due_by", "cursor", "limit",
)  # fmt: skip
STAFF = "xiangzhen"  # the department code of town, village and county staff


@router.post("/v1/households/batch", summary="Register up to 500 households (JSON array or NDJSON)")
async def register_many(
    request: Request, caller: Annotated[Principal, allow("households:write")]
) -> Response:
    """Good households are kept; the answer says which were not, and why. Repeating changes nothing."""
    items = await batch.items_of(request)
    await _register(wired(request), caller, items)
    return batch.answer(items, request.app.state.texts)


@router.post("/v1/households", status_code=201, summary="Register one household")
async def register_one(
    form: HouseholdForm,
    request: Request,
    response: Response,
    caller: Annotated[Principal, allow("households:write")],
) -> dict[str, object]:
    """201 when it is new, 200 when it was registered with the same content before."""
    item = Item(0, form.model_dump_json().encode())
    await _register(wired(request), caller, [item])
    if item.problem:
        raise item.problem
    response.status_code = 201 if item.status == "accepted" else 200
    return {"status": item.status, **item.answer}


async def _register(app: Wired, caller: Principal, items: list[Item]) -> None:
    """Check, seal and record what is good; every item ends with a status."""
    forms = [(item, form) for item in items if (form := _read(app, caller, item))]
    _refuse_shared(forms)
    forms = [(item, form) for item, form in forms if not item.problem]
    async with app.runtime.pool.acquire() as connection:
        people = [member for _, form in forms for member in form.members]
        recognised = await recognise(app, connection, people)
    ready: list[tuple[Item, Intent]] = []
    for item, form in forms:
        try:
            ready.append((item, _intent(app, caller, form, recognised)))
        except Problem as problem:
            item.refuse(problem)
    outcomes = await app.runtime.writer.execute_all([intent for _, intent in ready])
    for (item, intent), outcome in zip(ready, outcomes, strict=True):
        if isinstance(outcome, asyncpg.UniqueViolationError):
            outcome = violated(outcome)
        item.settle(outcome, household_id=str(intent.household_id))


def _read(app: Wired, caller: Principal, item: Item) -> HouseholdForm | None:
    """The form of an item, or `None` with the item refused."""
    try:
        form = _form.validate_json(item.raw)
    except ValidationError as error:
        problem = invalid(error.errors(include_url=False, include_input=False))
        item.refuse(batch.broken(item) if problem.code == "broken-json" else problem)
        return None
    if faults := number_faults(app, form.members, "/members/{}/identity_number"):
        item.refuse(Problem("invalid", faults=faults))
    elif not caller.covers(form.region):
        item.refuse(Problem("outside-region"))
    else:
        return form
    return None


def _refuse_shared(forms: list[tuple[Item, HouseholdForm]]) -> None:
    """Two households of one batch must not claim one person."""
    claims: dict[str, tuple[UUID, UUID | int]] = {}
    for item, form in forms:
        for number, member in enumerate(form.members):
            claim = (form.household_id, member.person_id or number)
            holder = claims.setdefault(normalised(member.identity_number), claim)
            if holder != claim:
                pointer = f"/members/{number}/identity_number"
                item.refuse(Problem("person-twice-in-batch", faults=[fault(pointer, "value")]))


def _intent(app: Wired, caller: Principal, form: HouseholdForm, recognised: Recognised) -> Intent:
    """Raises `Problem` for a member of another household."""
    persons = [
        sealed(
            app,
            member,
            person_of(app, member, number, form.household_id, recognised),
            form.household_id,
            form.address,
            recognised,
        )
        for number, member in enumerate(form.members, 1)
    ]
    registered = HouseholdRegistered(
        household_id=form.household_id,
        register_number=form.register_number,
        category=form.category,
        marginal_2019=form.marginal_2019,
        region=form.region,
        co_living_count=form.co_living_count,
        members=[member for member, _ in persons],
        registered_on=form.registered_on,
    )
    return Intent(
        stream=f"household-{form.household_id}",
        household_id=form.household_id,
        decider=HOUSEHOLD,
        command=RegisterHousehold(registered=registered, today=app.runtime.clock.today()),
        context=circumstances(caller, region=form.region, occurred_at=start_of(form.registered_on)),
        private=[record for _, record in persons],
    )


def violated(error: asyncpg.UniqueViolationError) -> Problem:
    """A race that only the database could see: two requests at once for one person or number."""
    if error.table_name == "person":
        return Problem("person-in-another-household", {"member": "?"})
    return Problem("register-number-in-use")


@router.get("/v1/households/{household_id}", summary="One household, with its stage and deadline")
async def read_one(
    household_id: UUID,
    request: Request,
    response: Response,
    caller: Annotated[Principal, allow("households:read")],
) -> HouseholdRow:
    """`ETag` is the version to send as `If-Match`. A refusal is recorded for supervisors (A75)."""
    row = await register.one(wired(request).runtime.engine, household_id)
    if row is None:
        raise Problem("not-found")
    app, department = wired(request), caller.actor.department
    if not caller.covers(row.region):
        await refuse(app, caller, household_id, row.region, Denial.OUTSIDE_REGION)
    if department != STAFF and not _routed(department, row):
        await refuse(app, caller, household_id, row.region, Denial.NOT_ROUTED)
    response.headers["ETag"] = f'"{row.version}"'
    return row


def _routed(department: str, row: HouseholdRow) -> bool:
    return any(department in ROUTED.get(risk, frozenset()) for risk in row.risk_types)


@router.get("/v1/households", summary="Households of your area, by stage or deadline")
async def read_many(
    request: Request,
    response: Response,
    caller: Annotated[Principal, allow("households:read")],
    region: str | None = None,
    stage: str | None = None,
    status: Status | None = None,
    origin: Origin | None = None,
    category: Category | None = None,
    marginal_2019: bool | None = None,
    has_labour: bool | None = None,
    register_number: str | None = None,
    due_by: date | None = None,
    cursor: UUID | None = None,
    limit: int = 100,
) -> list[HouseholdRow]:
    """Ordered by id; `Link: rel="next"` leads on. Departments see what is routed to them."""
    only_filters(request, FILTERS)
    if stage is not None and stage not in {*Stage}:
        raise Problem("invalid", faults=[fault("/stage", "enum")])
    if not 1 <= limit <= 500:
        raise Problem("invalid", faults=[fault("/limit", "range")])
    area = region or caller.actor.region
    caller.must_cover(area)
    department = caller.actor.department
    rows = await register.many(
        wired(request).runtime.engine,
        region=area,
        stage=stage,
        due_by=due_by,
        risks=None if department == STAFF else _risks_of(department),
        after=cursor,
        limit=limit,
        status=status,
        origin=origin,
        category=category,
        marginal_2019=marginal_2019,
        has_labour=has_labour,
        register_number=register_number,
    )
    if len(rows) == limit:
        following = request.url.include_query_params(cursor=str(rows[-1].household_id))
        response.headers["Link"] = f'<{following.path}?{following.query}>; rel="next"'
    return rows


def _risks_of(department: str) -> list[str]:
    return [str(risk) for risk, departments in ROUTED.items() if department in departments]
