"""A problem as a page, for whoever reads with a browser: what is wrong, what to do, and a way back.

Programs get `application/problem+json`: whoever prefers JSON to HTML, and, outside the pages, whoever
does not ask for HTML.
"""

import re
from typing import Any

from fastapi import Request
from fastapi.responses import Response

from audit.access.signing_in import COOKIE, form
from audit.pages.phrases import PHRASES
from audit.pages.rendering import address, language, page, same_language
from common.http import correlation_id

PAGES = re.compile(
    r"/|/find|/session(/end)?|/households/[^/]*(/(raw|accesses))?|/county(/households)?"
    r"|/accesses|/completeness"
)
_OF_HOUSEHOLD = re.compile(r"(?:/v1)?(/households/[0-9a-f-]{36})(/.*)?")
_UNSEEN = ("outside-region", "not-routed")  # so would the page be that leads to it
_JSON = ("application/problem+json", "application/json")
_PARTS = {"zh": "：", "en": ": "}  # between what is wrong and what to do about it


async def problem_page(request: Request, told: dict[str, Any]) -> Response | None:
    """The problem as a page, if the caller is to have one. At 401, and if a token was just sent that is not
    accepted, it has the form to sign in."""
    if not wants_page(request):
        return None
    signs_in = told["status"] == 401 or (told["status"] == 403 and request.url.path == "/session")
    answer = await _sign_in(request, told) if signs_in else _shown(request, told)
    answer.headers["Vary"] = "Accept"
    return answer


def wants_page(request: Request) -> bool:
    """Whether the caller prefers HTML to JSON. At the address of a page that is assumed, unless JSON is
    preferred."""
    accept = request.headers.get("accept", "*/*")
    html, json = _weight(accept, "text/html"), max(_weight(accept, kind) for kind in _JSON)
    return html > json or (html == json and PAGES.fullmatch(request.url.path) is not None)


def local(path: str) -> str:
    """A path of ours, never another site (`//elsewhere`, `/\\elsewhere`)."""
    return path if PAGES.fullmatch(path.partition("?")[0]) and path.isprintable() else "/"


def _shown(request: Request, told: dict[str, Any]) -> Response:
    status, ours = told["status"], told["status"] >= 500
    wrong, remedy = _parts(request, told)
    return page(
        request,
        "problem.html",
        status,
        wrong=wrong,
        remedy=remedy,
        faults=told.get("errors", []),
        reference=told.get("trace_id") or correlation_id() if ours else None,
        ours=ours,
        again=_again(request, status),
        back="/" if told["code"] in _UNSEEN else _back(request.url.path),
    )


async def _sign_in(request: Request, told: dict[str, Any]) -> Response:
    """The form to sign in. It leads to the page that was asked for, or from another address to the nearest
    page."""
    path = request.url.path
    posted = await form(request) if path == "/session" else {}
    if request.method == "GET" and PAGES.fullmatch(path):
        back = address(path, request.query_params)
    else:
        back = local(posted.get("next", address(_back(path), same_language(request))))
    failed = told if posted.get("token") or COOKIE in request.cookies else None
    return page(
        request,
        "sign_in.html",
        told["status"],
        files=("forms.js",),
        here=back,
        next=back,
        failed=failed,
    )


def _parts(request: Request, told: dict[str, Any]) -> tuple[str, str]:
    """What is wrong, and what to do. Our own texts say both; to a text that says only the first, the status
    adds the second."""
    lang = language(request)
    if told["code"] == "invalid":  # its text speaks of pointers, to programs
        return PHRASES["invalid"].of(lang), PHRASES["remedy_invalid"].of(lang)
    wrong, _, remedy = str(told["title" if lang == "zh" else "title_en"]).partition(_PARTS[lang])
    if told["code"] == "internal":  # and so does this one, of a member of the answer
        remedy = ""
    general = PHRASES.get(f"remedy_{told['status']}")
    if general is None and not remedy:
        general = PHRASES["remedy"]
    end, between = ("。", "") if lang == "zh" else (".", " ")
    said = [f"{remedy[0].upper()}{remedy[1:]}{end}"] if remedy else []
    return wrong, between.join(said + ([general.of(lang)] if general else []))


def _again(request: Request, status: int) -> str | None:
    """Where to try once more: the same address if the failure was ours; the page without conditions if a
    condition was impossible."""
    path = request.url.path
    if request.method != "GET" or not PAGES.fullmatch(path):
        return None
    if status >= 500:
        return address(path, request.query_params)
    conditions = request.query_params.keys() - {"lang"}
    return address(path, same_language(request)) if status in (400, 422) and conditions else None


def _back(path: str) -> str:
    """The page that leads to this address."""
    of = _OF_HOUSEHOLD.fullmatch(path)
    return of[1] if of and of[2] else "/county" if path.startswith("/county/") else "/"


def _weight(accept: str, kind: str) -> float:
    """How much of this kind the caller wants (RFC 9110, 12.5.1): the closest range counts."""
    found = {}
    for part in accept.split(","):
        name, *given = (text.strip().lower() for text in part.split(";"))
        weight = next((g[2:] for g in given if g.startswith("q=")), "1")
        found[name] = float(weight) if re.fullmatch(r"[01](\.\d{0,3})?", weight) else 0.0
    closest = (kind, kind.partition("/")[0] + "/*", "*/*")
    return next((found[name] for name in closest if name in found), 0.0)
