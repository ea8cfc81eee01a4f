"""What a service answers, held against its OpenAPI document by every test that asks over HTTP."""

import re
from collections.abc import Callable, Coroutine
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID

import httpx
from jsonschema import Draft202012Validator, FormatChecker

Json = Any
Check = Callable[[httpx.Response], Coroutine[Any, Any, None]]
FORMATS = FormatChecker(formats=())


@FORMATS.checks("date", ValueError)
def _day(value: object) -> bool:
    return not isinstance(value, str) or str(date.fromisoformat(value)) == value


@FORMATS.checks("date-time", ValueError)
def _moment(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


@FORMATS.checks("uuid", ValueError)
def _id(value: object) -> bool:
    return not isinstance(value, str) or str(UUID(value)) == value


def closed(schema: Json) -> Json:
    """The schema without room for what it does not tell of: clients may meet it one day, tests may not."""
    match schema:
        case dict():
            made = {name: closed(one) for name, one in schema.items()}
            if isinstance(made.get("properties"), dict) and made.get("type") == "object":
                made.setdefault("additionalProperties", False)
            return made
        case list():
            return [closed(one) for one in schema]
    return schema


def told_in(document: Callable[[], Json]) -> Check:
    """For `event_hooks` of a client of the service. Raises `AssertionError` for an answer of a status, a media
    type or a shape of which the document does not tell: a field more, one less, a null."""

    @cache
    def operations() -> list[tuple[str, re.Pattern[str], Json]]:
        return [
            (method.upper(), _pattern(path), operation["responses"])
            for path, methods in document()["paths"].items()
            for method, operation in methods.items()
        ]

    @cache
    def validator(method: str, pattern: re.Pattern[str], told: str, media: str) -> Any:
        answers = next(a for m, p, a in operations() if (m, p) == (method, pattern))
        schema = answers[told]["content"][media]["schema"]
        whole = {"components": document()["components"], "allOf": [schema]}
        return Draft202012Validator(closed(whole), format_checker=FORMATS)

    async def check(answer: httpx.Response) -> None:
        method, path, status = answer.request.method, answer.url.path, str(answer.status_code)
        asked = (of for of in operations() if of[0] == method and of[1].fullmatch(path))
        _, pattern, answers = next(asked, (None, None, None))
        if pattern is None or answers is None:
            return  # not a route, or none of the document's
        told = status if status in answers else "default"
        media = answer.headers.get("content-type", "").partition(";")[0]
        content = answers.get(told, {}).get("content", {})
        if answer.is_error and media == "text/html" in answer.request.headers.get("accept", ""):
            return  # a browser is shown a page (`common.errors`)
        fits = media in content if media else told in answers and not content
        assert fits, f"{method} {path}: no {status} of {media or 'nothing'}"
        if media.endswith("json"):
            await answer.aread()
            wrong = [
                f"{one.json_path}: {one.message[:300]}"
                for one in validator(method, pattern, told, media).iter_errors(answer.json())
            ]
            assert not wrong, f"{method} {path}: {status} {wrong[:3]}"

    return check


def _pattern(path: str) -> re.Pattern[str]:
    """A path of the document; its only parameter that spans several parts is called `path`."""
    parts = re.split(r"\{(\w+)\}", path)
    return re.compile(
        "".join(
            (".+" if part == "path" else "[^/]+") if n % 2 else re.escape(part)
            for n, part in enumerate(parts)
        )
    )
