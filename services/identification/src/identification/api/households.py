"""Registering households, one or many, and reading them."""

from dataclasses import dataclass
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Request, Response

from common import batch
from common.auth import Area, Principal, allow
from common.batch import Item
from common.form import Day
from common.paging import USUAL, Limit, page
from common.problems import Problem
from contracts.codes import Category, MonitoredClass, Origin, RiskType
from contracts.persons import Denial
from contracts.routing import routed_to
from contracts.stages import Stage
from identification.api.access import refuse
from identification.api.fields import RegisterNumber
from identification.api.forms import HouseholdForm
from identification.api.registering import register as register_all
from identification.api.wired import Wired, wired
from identification.domain.entry import Status
from identification.read_model import focus, register
from identification.read_model.focus import FocusShown
from identification.read_model.tables import HouseholdFields, HouseholdRow

router = APIRouter(tags=["households"])

STAFF = "xiangzhen"  # the department code of town, village and county staff


class HouseholdListed(HouseholdFields):
    """One household as lists show it; no personal data."""

    category: Category
    status: Status
    origin: Origin
    stage: Stage
    monitored_class: MonitoredClass | None
    risk_types: list[RiskType]


class HouseholdShown(HouseholdListed):
    """One household with its focus groups (S2-03), which are for staff: `None` for a department."""

    focus_groups: list[FocusShown] | None


@router.post(
    "/v1/households/batch",
    summary="Register up to 500 households (JSON array or NDJSON)",
    openapi_extra=batch.batch_of(
        HouseholdForm, batch.answer_of("HouseholdBatch", household_id=batch.ID)
    ),
)
async def register_many(
    request: Request, caller: Annotated[Principal, allow("households:write")]
) -> Response:
    """Good households are kept; the answer says which were not, and why. Repeating changes nothing."""
    items = await batch.items_of(request)
    app = wired(request)
    with batch.counted(items):
        await register_all(app, caller, items, app.runtime.writer.execute_all)
    return batch.answer(items, request.app.state.texts)


@dataclass(frozen=True, slots=True)
class Registered:
    """What became of a household, under which id, and by which event."""

    status: Literal["accepted", "replayed"]
    household_id: UUID
    event_id: UUID | None = None


@router.post(
    "/v1/households",
    status_code=201,
    summary="Register one household",
    response_model_exclude_none=True,
    responses={200: {"description": "It was registered before", "model": Registered}},
)
async def register_one(
    form: HouseholdForm,
    request: Request,
    response: Response,
    caller: Annotated[Principal, allow("households:write")],
) -> Registered:
    """201 when it is new, 200 when it was registered with the same content before."""
    item = Item(0, form.model_dump_json().encode())
    app = wired(request)
    await register_all(app, caller, [item], app.runtime.writer.execute_all)
    if item.problem:
        raise item.problem
    response.status_code = 201 if item.status == "accepted" else 200
    if item.status == "accepted":
        response.headers["ETag"] = '"1"'
    household, event = (item.answer.get(name) for name in ("household_id", "event_id"))
    return Registered(
        "accepted" if item.status == "accepted" else "replayed",
        UUID(str(household)),
        UUID(str(event)) if event else None,
    )


@router.get("/v1/households/{household_id}", summary="One household, with its stage and deadline")
async def read_one(
    household_id: UUID,
    request: Request,
    response: Response,
    caller: Annotated[Principal, allow("households:read")],
) -> HouseholdShown:
    """`ETag` is the version to send as `If-Match`. A refusal is recorded for supervisors (A75)."""
    app = wired(request)
    row = await visible(app, caller, household_id)
    response.headers["ETag"] = f'"{row.version}"'
    staff = caller.actor.department == STAFF
    groups = await focus.of_household(app.runtime.pool, household_id) if staff else None
    return HouseholdShown(**row.model_dump(), focus_groups=groups)


async def visible(app: Wired, caller: Principal, household_id: UUID) -> HouseholdRow:
    """The household, if the caller may see it. Raises `Problem`: 404; 403, which is recorded."""
    row = await register.one(app.runtime.engine, household_id)
    if row is None:
        raise Problem("not-found")
    department = caller.actor.department
    if not caller.covers(row.region):
        await refuse(app, caller, household_id, row.region, Denial.OUTSIDE_REGION)
    if department != STAFF and not _routed(department, row):
        await refuse(app, caller, household_id, row.region, Denial.NOT_ROUTED)
    return row


def _routed(department: str, row: HouseholdRow) -> bool:
    risks, labour = routed_to(department)
    return not {*risks}.isdisjoint(row.risk_types) or (
        bool(row.risk_types) and row.has_labour in labour
    )


@router.get(
    "/v1/households",
    summary="Households of your area, by stage or deadline",
    response_model=list[HouseholdListed],
)
async def read_many(
    request: Request,
    caller: Annotated[Principal, allow("households:read")],
    region: Area = None,
    stage: Stage | None = None,
    status: Status | None = None,
    origin: Origin | None = None,
    category: Category | None = None,
    marginal_2019: bool | None = None,
    has_labour: bool | None = None,
    register_number: RegisterNumber | None = None,
    due_by: Day | None = None,
    cursor: UUID | None = None,
    limit: Limit = USUAL,
) -> Response:
    """Ordered by id; `Link: rel="next"` leads on. Departments see what is routed to them."""
    area = caller.area(region)
    department = caller.actor.department
    rows = await register.many(
        wired(request).runtime.engine,
        region=area,
        stage=stage,
        due_by=due_by,
        routed=None if department == STAFF else routed_to(department),
        after=cursor,
        limit=limit,
        status=status,
        origin=origin,
        category=category,
        marginal_2019=marginal_2019,
        has_labour=has_labour,
        register_number=register_number,
    )
    return page(request, rows, limit, "household_id")
