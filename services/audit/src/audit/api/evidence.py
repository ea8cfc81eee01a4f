"""The dossier of a household, and the programs that verify one and keep watch on the log.

The programs have no personal data and no secret, and so are open to everybody.
"""

import asyncio
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import PlainTextResponse

from audit import verify, witness
from audit.access.looks import READ, Looker, looking, stream_of
from audit.api.checkpoints import AT_ONCE, keeper_of, producers_of
from audit.log import store
from audit.log.dossier import dossier, written
from contracts.access import Shown

router = APIRouter(tags=["evidence"])

PUBLIC = frozenset({"/verify.py", "/witness.py"})
Kept = Annotated[
    int | None, Query(ge=1, le=2**63 - 1, description="size of the checkpoint that you kept")
]
Lang = Annotated[str | None, Query(include_in_schema=False)]  # of a page that says why not
_FILE = {"type": "object", "description": f"`{verify.FORMAT}`, as `verify.py` reads it"}
FILE: dict[str, Any] = {"responses": {"200": {"content": {"application/json": {"schema": _FILE}}}}}


class Program(PlainTextResponse):
    """A file of Python as it is in the source."""

    media_type = "text/x-python"


@router.get(
    "/verify.py",
    summary="The verifier: one file that needs nothing but Python",
    response_class=Program,
)
async def verifier(request: Request) -> Program:
    """The file as it is in the source, with the keys of this log, and of the services, written into it."""
    keeper = keeper_of(request)
    async with keeper.pool.acquire() as connection:
        notes = await store.successions(connection)
    text, producers = _source(verify), sorted(producers_of(request))
    known = {"LOG_KEYS": [keeper.signer.vkey], "SUCCESSIONS": notes, "PRODUCER_KEYS": producers}
    for name, these in known.items():
        text = text.replace(f"{name}: list[str] = []", f"{name}: list[str] = {these!r}")
    return Program(text, headers=AT_ONCE)


@router.get(
    "/witness.py",
    summary="The program of a witness; beside the verifier",
    response_class=Program,
)
async def witness_program() -> Program:
    """The file as it is in the source."""
    return Program(_source(witness), headers=AT_ONCE)


@router.get(
    "/v1/households/{household_id}/dossier",
    summary="A household's file, with its proofs",
    openapi_extra=FILE,
)
async def download(
    household_id: UUID,
    request: Request,
    caller: Annotated[Looker, looking(Shown.DOSSIER, export=True, absent=True, staff=True)],
    kept: Kept = None,
    lang: Lang = None,
) -> Response:
    """To be verified with `verify.py`. Of a household that no event named, the proof of that."""
    return await _file(request, str(household_id), "household", kept)


@router.get(
    "/v1/households/{household_id}/accesses/dossier",
    summary="The log of looks at a household that audit recorded, with its proofs",
    openapi_extra=FILE,
)
async def download_looks(
    household_id: UUID,
    request: Request,
    caller: Annotated[Looker, looking(Shown.ACCESSES, scope=READ, export=True, staff=True)],
    kept: Kept = None,
    lang: Lang = None,
) -> Response:
    """As the dossier. The reveals of identification are in the household's own."""
    return await _file(request, stream_of(household_id), "accesses", kept)


async def _file(request: Request, key: str, kind: str, kept: int | None) -> Response:
    made = await dossier(keeper_of(request), "audit", key, kept)
    size = verify.head_of(made["checkpoint"]).size
    name = f"{kind}-{request.path_params['household_id']}-{size}.json"
    return Response(
        await asyncio.to_thread(written, made),
        media_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@cache
def _source(module: ModuleType) -> str:
    return Path(str(module.__file__)).read_text("utf-8")
