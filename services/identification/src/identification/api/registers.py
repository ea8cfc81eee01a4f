"""Lists of the registers of housing and schooling, which rules need."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import Field

from common.auth import Area, Principal, allow
from common.form import Day
from common.paging import USUAL, Limit, page
from contracts.schooling import DropoutBasis
from identification.api import listing
from identification.api.households import STAFF
from identification.api.wired import wired
from identification.domain.schooling import term_now
from identification.read_model import dropouts, registers
from identification.read_model import housing as ledgers

router = APIRouter(tags=["registers"])

Reader = Annotated[Principal, allow("households:read")]
# Of a century in which everybody lives who is of school age; `\d` would take digits of any script.
Term = Annotated[str, Field(pattern="^20[0-9]{2}-(SPRING|AUTUMN)$")]


@router.get(
    "/v1/housing",
    summary="Houses by grade, and the ledger of dangerous ones (S1.3-03)",
    response_model=list[registers.House],
)
async def housing(
    request: Request,
    caller: Reader,
    region: Area = None,
    grade: registers.Grade | None = None,
    remedy: registers.Remedy | None = None,
    on: Day | None = None,
    cursor: UUID | None = None,
    limit: Limit = USUAL,
) -> Response:
    """`remedy`: OPEN, OVERDUE, STARTED or FINISHED for a house of grade C or D that is lived in."""
    area = listing.area(caller, region, {STAFF, "zhujian"})
    app = wired(request)
    day = on or app.runtime.clock.today()
    rows = await registers.houses(
        app.runtime.pool,
        region=area,
        grade=grade,
        remedy=remedy,
        policy=app.policies.of(area, day),
        on=day,
        after=cursor,
        limit=limit,
    )
    return page(request, rows, limit, "household_id")


@router.get(
    "/v1/housing/ledger",
    summary="The ledger of dangerous houses, entry by entry (S1.3-03)",
    response_model=list[ledgers.Ledgered],
)
async def ledger(
    request: Request,
    caller: Reader,
    region: Area = None,
    state: ledgers.Entry | None = None,
    on: Day | None = None,
    cursor: UUID | None = None,
    limit: Limit = USUAL,
) -> Response:
    """With the days of assessment, remedy and exit. FINISHED waits for a new assessment."""
    area = listing.area(caller, region, {STAFF, "zhujian"})
    app = wired(request)
    rows = await ledgers.ledger(
        app.runtime.pool,
        region=area,
        state=state,
        on=on or app.runtime.clock.today(),
        after=cursor,
        limit=limit,
    )
    return page(request, rows, limit, "entry_id")


@router.get(
    "/v1/schooling",
    summary="Children of compulsory age by term (S1.3-02)",
    response_model=list[registers.SchoolChild],
)
async def schooling(
    request: Request,
    caller: Reader,
    region: Area = None,
    term: Term | None = None,
    status: registers.Attendance | None = None,
    cursor: UUID | None = None,
    limit: Limit = USUAL,
) -> Response:
    """Of formerly poor and monitored households; UNKNOWN: the school said nothing in the term."""
    area = listing.area(caller, region, {STAFF, "jiaoyu"})
    app = wired(request)
    today = app.runtime.clock.today()
    rows = await registers.children(
        app.runtime.pool,
        region=area,
        term=term or term_now(today),
        status=status,
        policy=app.policies.of(area, today),
        after=cursor,
        limit=limit,
    )
    return page(request, rows, limit, "person_id")


@router.get(
    "/v1/schooling/dropouts",
    summary="Children out of school, from dropout to return",
    response_model=list[dropouts.Dropout],
)
async def out_of_school(
    request: Request,
    caller: Reader,
    region: Area = None,
    basis: DropoutBasis | None = None,
    open: bool | None = None,
    cursor: UUID | None = None,
    limit: Limit = USUAL,
) -> Response:
    """`basis`: REPORTED by a school, or NOT_ENROLLED where none reported the child in the term."""
    rows = await dropouts.many(
        wired(request).runtime.pool,
        region=listing.area(caller, region, {STAFF, "jiaoyu"}),
        basis=basis,
        is_open=open,
        after=cursor,
        limit=limit,
    )
    return page(request, rows, limit, "dropout_id")
