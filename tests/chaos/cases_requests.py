"""What callers do to us: storms on one key or one household, crossing batches, hanging up."""

import asyncio
import json
from contextlib import suppress
from time import monotonic
from uuid import UUID

from common.ids import new_id
from tests.chaos.arena import Arena, case
from tests.chaos.load import Request, event_of
from tests.chaos.waiting import Failed

STORM = 100


@case(9, "a thousand appends rolled back leave a thousand holes")
async def holes(arena: Arena) -> None:
    connection = await arena.plant.connect("identification")
    try:
        for _ in range(1_000):
            transaction = connection.transaction()
            await transaction.start()
            await connection.execute(_HOLE)
            await transaction.rollback()
    finally:
        await connection.close()
    await arena.recovered(monotonic())


_HOLE = """
insert into es.events (stream, version, event_id, type, schema_version, occurred_at, recorded_at, actor,
    region, correlation_id, classification, data, prev_hash, hash)
values ('chaos-hole', 1, gen_random_uuid(), 'Hole', 1, now(), now(), '{}', '44', gen_random_uuid(),
    'INTERNAL', '{}', decode(repeat('00', 32), 'hex'), decode(repeat('00', 32), 'hex'))
"""


@case(10, "a hundred requests with one key at once; the same key for another body")
async def one_key(arena: Arena) -> None:
    for entry in (arena.load.fact(amount=5), arena.load.visit()):
        started = monotonic()
        request = arena.load.request(entry)
        answers = await asyncio.gather(*(request.send() for _ in range(STORM)))
        told = sorted({answer.status_code for answer in answers})
        arena.note(f"{entry.service}: {STORM} at once answered {told}")
        good = [a for a in answers if a.status_code in (200, 201)]
        ids = {UUID(str(request.kept(answer)[entry.key])) for answer in good}
        if len(ids) != 1 or len(good) + sum(a.status_code == 409 for a in answers) != STORM:
            raise Failed(f"{entry.service} gave {len(ids)} answers to one key, with {told}")
        await arena.ledger.acknowledge({entry.key: ids.pop()})
        other = await _other_body(arena, request)
        arena.note(f"{entry.service}: the same key with another body: {other[0]} {other[1]}")
        if other not in ((422, "idempotency-key-reused"), (409, "record-version-reused")):
            raise Failed(f"the same key with another body was answered {other}")
        await arena.recovered(started)
    arena.note("a key is kept for ever: there is no purge after which it could be used again")


async def _other_body(arena: Arena, request: Request) -> tuple[int, str]:
    (entry,) = request.entries
    if entry.service == "visits":
        headers = {"Idempotency-Key": entry.key}
        body = {
            "visit_id": str(new_id()),
            "household_id": str(entry.household),
            "visited_at": "2026-11-19T10:30:00+08:00",
            "mode": "IN_PERSON_AT_HOME",
            "visitors": [{"person_id": str(entry.household), "post": "TOWN_CADRE"}],
            "purposes": ["ROUTINE"],
        }
        answer = await arena.plant.call(
            "town-pengzhai", "POST", "visits", "/v1/visits", headers=headers, json=body
        )
        return answer.status_code, answer.json()["code"]
    changed = event_of(entry, request.numbers[entry.household])
    changed["data"] = {**changed["data"], "total_fen": 7}  # type: ignore[dict-item]
    answer = await arena.plant.call(
        "yibao",
        "POST",
        "identification",
        "/v1/events",
        headers={"Content-Type": "application/cloudevents+json"},
        content=json.dumps(changed),
    )
    return answer.status_code, answer.json()["code"]


@case(11, "64 writers in two processes on one household, each with the version it saw")
async def one_household(arena: Arena) -> None:
    await (await arena.plant.add("identification-2")).ready()
    household = arena.load.villagers[-1]
    path, winners = f"/v1/households/{household}", 0
    for risk in ("UNSAFE_WATER", "SCHOOLING", "DISABILITY"):
        seen = await arena.plant.call("county-office", "GET", "identification", path)
        version = int(seen.headers["etag"].strip('"'))

        async def write(number: int, version: int = version, risk: str = risk) -> int:
            answer = await arena.plant.call(
                "town-pengzhai",
                "POST",
                ("identification", "identification-2")[number % 2],
                f"{path}/clues",
                headers={"Idempotency-Key": str(new_id()), "If-Match": f'"{version}"'},
                json={
                    "channel": "SELF_DECLARATION",
                    "medium": "PAPER",
                    "risk_types": [risk],
                    "severity": "ORANGE",
                    "discovered_on": "2026-11-20",
                    "summary": "水源干涸",
                },
                timeout=30,
            )
            if answer.status_code not in (201, 412):
                raise Failed(f"{answer.status_code}: {answer.text[:300]}")
            return answer.status_code

        told = await asyncio.gather(*(write(number) for number in range(64)))
        asked = await arena.plant.fetchval(
            "identification", _ASKED, f"household-{household}", version
        )
        arena.note(
            f"version {version}: {told.count(201)} won, {told.count(412)} got 412, {asked} recorded"
        )
        if asked > 1 or told.count(201) != asked:
            raise Failed("more than one writer won")
        winners += asked
    if not winners:  # a rule that was faster may take all of one turn, and not of three
        raise Failed("no writer won")


@case(12, "batches over the same households in opposite order, in two processes")
async def crossing(arena: Arena) -> None:
    await (await arena.plant.add("identification-2")).ready()
    before = await arena.plant.fetchval("identification", _DEADLOCKS)
    started = monotonic()

    async def post(unit: str, order: list[int]) -> None:
        for _ in range(5):
            entries = [arena.load.fact(household) for household in order]
            request = Request(arena.plant, entries, unit, dict(arena.load.households))
            await arena.load.until_answered(request)

    order = list(range(40))
    posts = [("identification", order), ("identification-2", order[::-1])] * 4
    await asyncio.gather(*(post(unit, way) for unit, way in posts))
    met = await arena.plant.fetchval("identification", _DEADLOCKS) - before
    arena.note(f"{met} deadlocks were broken by Postgres; each batch went round again")
    arena.note(f"{8 * 5} batches were answered in {monotonic() - started:.1f} s")
    await arena.recovered(monotonic())


# A rule that ran meanwhile records in the same stream, but not because somebody asked.
_ASKED = """
select count(*) from es.events where stream = $1 and version > $2 and causation_id is null
"""
_DEADLOCKS = "select deadlocks from pg_stat_database where datname = current_database()"


@case(36, "clients hang up at every moment of a request")
async def hanging_up(arena: Arena) -> None:
    token = await arena.plant.token("yibao")

    async def hang_up(after: float, part: float) -> None:
        entry = arena.load.fact()
        body = json.dumps(event_of(entry, dict(arena.load.households)[entry.household])).encode()
        head = (
            f"POST /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n"
            f"content-type: application/cloudevents+json\r\ncontent-length: {len(body)}\r\n\r\n"
        ).encode()
        _, writer = await asyncio.open_connection("127.0.0.1", arena.plant.ports["identification"])
        with suppress(OSError):
            whole = head + body
            writer.write(whole[: int(len(whole) * part)])
            await writer.drain()
            await asyncio.sleep(after)
        writer.transport.abort()

    for number in range(300):
        await hang_up(number % 30 / 1_000, 1.0 if number % 3 else number / 300)
    idle = await arena.plant.fetchval("identification", _IDLE)
    if idle:
        raise Failed(f"{idle} sessions were left inside a transaction")
    await arena.recovered(monotonic())


_IDLE = """
select count(*) from pg_stat_activity where datname = current_database()
    and state like 'idle in transaction%' and state_change < now() - interval '3 seconds'
"""


@case(37, "no connection is left: the server's are taken, then the service's own are stuck")
async def exhausted(arena: Arena) -> None:
    taken = []
    with suppress(Exception):
        for _ in range(250):
            taken.append(await arena.plant.connect("postgres"))
    arena.note(f"{len(taken)} sessions taken from the server")
    await asyncio.sleep(3)
    for connection in taken:
        connection.terminate()
    await arena.recovered(monotonic())
    async with arena.locked("identification", "es.events", "exclusive"):
        await asyncio.sleep(5)
    await arena.recovered(monotonic())
