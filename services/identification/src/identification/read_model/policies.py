"""Published policy parameters, and those in the policy file."""

import json
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from common.intents import Conflict, Connection, Fresh
from contracts.policies import ParameterKind, PolicyParameterPublished
from identification.domain.parameters import Parameter
from identification.domain.policy_book import PolicyBook, Version
from identification.domain.publishing import PublishVersion

GROUP = "identification"
_KINDS = {kind.value: kind for kind in ParameterKind}


async def of_one_area(connection: Connection, fresh: Sequence[Fresh]) -> None:
    """Raises `Conflict` for a version that somebody published for another area since it was looked up."""
    areas = {(f.payload.version, f.payload.region) for f in fresh}
    versions, regions = zip(*areas, strict=True)
    if len({*versions}) < len(areas) or await connection.fetchval(_ELSEWHERE, versions, regions):
        raise Conflict


_ELSEWHERE = """
select exists (
    select from unnest($1::text[], $2::text[]) as t (version, region)
    join read.policy p using (version) where p.region <> t.region
)
"""


async def put(connection: Connection, fresh: Sequence[Fresh]) -> None:
    """Keep published parameters."""
    published: list[PolicyParameterPublished] = [f.payload for f in fresh]
    await connection.execute(
        """
        insert into read.policy (version, key, region, value, kind, source, effective_from,
            effective_to, published_on)
        select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
            $7::date[], $8::date[], $9::date[])
        """,
        [p.version for p in published],
        [p.key for p in published],
        [p.region for p in published],
        [json.dumps(p.value) for p in published],
        [p.kind.value for p in published],
        [p.source for p in published],
        [p.effective_from for p in published],
        [p.effective_to for p in published],
        [p.published_on for p in published],
    )


async def refresh(book: PolicyBook, connection: Any) -> None:
    """Add to the book everything that is published; it keeps the versions of the file. A book that has it
    all already keeps the sets that it resolved."""
    rows = await connection.fetch(
        """
        select version, region, effective_from, effective_to, published_on,
            json_object_agg(key, value::json) as parameters
        from read.policy group by 1, 2, 3, 4, 5 order by version
        """
    )
    versions = [
        Version(
            version=row["version"],
            region=row["region"],
            effective_from=row["effective_from"],
            effective_to=row["effective_to"],
            published_on=row["published_on"],
            values=json.loads(row["parameters"]),
        )
        for row in rows
    ]
    published = {v.version: v for v in versions}
    held = {v.version: v for v in book.versions}
    if any(name not in held or held[name].values != v.values for name, v in published.items()):
        book.learn({**held, **published}.values())


async def version_of(connection: Any, stream: str) -> int:
    """How many events a region's stream has; 0 if nothing was published for it."""
    found: int = await connection.fetchval(
        "select coalesce(max(version), 0) from es.events where stream = $1", stream
    )
    return found


async def region_of(connection: Any, version: str) -> str | None:
    """The area that a version was published for: decisions name it, so it is of one area only."""
    found: str | None = await connection.fetchval(
        "select region from read.policy where version = $1 limit 1", version
    )
    return found


@dataclass(frozen=True, slots=True)
class Said:
    """A value, which is policy or a default, and where it stands."""

    value: int | str
    kind: ParameterKind
    source: str


@dataclass(frozen=True, slots=True)
class Published:
    """A version for an area, its parameters by key."""

    version: str
    region: str
    effective_from: date
    effective_to: date | None
    published_on: date
    parameters: dict[str, Said]


async def listed(connection: Any, region: str | None) -> list[Published]:
    """Every version, of one region or of all, its parameters by key."""
    rows = await connection.fetch(
        """
        select * from read.policy where $1::text is null or region = $1
        order by published_on, version, key
        """,
        region,
    )
    found: dict[str, Published] = {}
    for row in rows:
        version = found.setdefault(
            row["version"],
            Published(
                version=row["version"],
                region=row["region"],
                effective_from=row["effective_from"],
                effective_to=row["effective_to"],
                published_on=row["published_on"],
                parameters={},
            ),
        )
        version.parameters[row["key"]] = Said(
            json.loads(row["value"]), _KINDS[row["kind"]], row["source"]
        )
    return list(found.values())


def in_file(path: Path, today: date) -> list[PublishVersion]:
    """The versions in a policy file with the parameters of identification, as they are published.

    Raises `ValueError` for a file that is not of that form.
    """
    try:
        listed = tomllib.loads(path.read_text("utf-8"))["policy"]
        return [_version(version, today) for version in listed]
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path.name}: {error!r}") from error


def _version(version: dict[str, Any], today: date) -> PublishVersion:
    parameters = version["parameters"].get(GROUP, {})
    return PublishVersion(
        version=version["version"],
        region=version["region"],
        effective_from=version["effective_from"],
        effective_to=version.get("effective_to"),
        published_on=version["published_on"],
        parameters=tuple(
            Parameter(key=key, value=_said(p["value"]), kind=_KINDS[p["kind"]], source=p["source"])
            for key, p in parameters.items()
        ),
        today=today,
    )


def _said(value: int | str | date) -> int | str:
    """A date is published as text."""
    return value.isoformat() if isinstance(value, date) else value


def as_book(commands: Sequence[PublishVersion]) -> PolicyBook:
    """The book of these versions, before any of them is on the log."""
    return PolicyBook(
        Version(
            version=c.version,
            region=c.region,
            effective_from=c.effective_from,
            effective_to=c.effective_to,
            published_on=c.published_on,
            values={p.key: p.value for p in c.parameters},
        )
        for c in commands
    )
