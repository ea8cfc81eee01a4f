"""How a page is made: templates, language, links, and the headers that keep a page to itself."""

import base64
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit
from uuid import UUID

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from audit.access.looks import NOWHERE, unlisted
from audit.access.signing_in import COOKIE, SCOPE
from audit.meaning.sentences import Counted, Language, Words
from audit.meaning.words import SERVICES, area, named
from audit.pages.phrases import PHRASES
from common.auth import Principal
from common.clock import SHANGHAI
from common.problems import Problem

HERE = Path(__file__).parent
STYLE = (HERE / "audit.css").read_text("utf-8")
STYLE_HASH = base64.b64encode(sha256(STYLE.encode()).digest()).decode()
POLICY = (
    "default-src 'none'; img-src data:; form-action 'self'; base-uri 'none'; "
    f"frame-ancestors 'none'; style-src 'sha256-{STYLE_HASH}'"
)
SAFE = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class File:
    """A file of `static` as it is served, and what the page that names it says of its content."""

    name: str
    kind: str
    text: str
    integrity: str


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a list, in words: a name and its value, or a name that says it all."""

    name: Words
    value: Words | None = None


# Of our scripts, in which no text goes over lines: comments, empty lines and indents are for who reads the source.
UNREAD = re.compile(r"^ *(?:(?://.*)?\n)?", re.MULTILINE)


def _file(path: Path) -> File:
    text = path.read_text("utf-8")
    if path.suffix == ".js" and ".min" not in path.suffixes:
        text = UNREAD.sub("", text)
    digest = sha256(text.encode())
    name = f"{path.stem}-{digest.hexdigest()[:12]}{path.suffix}"
    integrity = f"sha256-{base64.b64encode(digest.digest()).decode()}"
    return File(name, KINDS[path.suffix], text, integrity)


KINDS = {".css": "text/css", ".js": "text/javascript"}
FILES = {path.name: _file(path) for path in HERE.glob("static/*") if path.suffix in KINDS}
SERVED = {file.name: file for file in FILES.values()}

templates = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def language(request: Request) -> Language:
    """English if asked for, else Chinese."""
    return "en" if request.query_params.get("lang") == "en" else "zh"


def same_language(request: Request) -> dict[str, str]:
    """The query that keeps the language."""
    return {"lang": "en"} if language(request) == "en" else {}


def address(path: str, query: Mapping[str, str]) -> str:
    """A path with its query."""
    return f"{path}?{urlencode(query)}" if query else path


def household_id(text: str) -> UUID:
    """The id in an address. Raises `Problem` (404) for anything else."""
    try:
        return UUID(text.strip())
    except ValueError as error:
        raise Problem("not-found") from error


def page(
    request: Request,
    template: str,
    status: int = 200,
    *,
    files: Sequence[str] = (),
    asks: bool = False,
    here: str | None = None,
    **values: Any,
) -> HTMLResponse:
    """A page in the reader's language. It may use the `files` of `static` and no others; their
    scripts ask this service for more only if it `asks`. `here` is where to find it in the other
    language, if not at its own address."""
    used = [FILES[name] for name in files]
    nonce = secrets.token_urlsafe(16)
    lang = language(request)
    at = urlsplit(here) if here else request.url
    path = "/" if request.method == "POST" and not here else _ours(at.path)
    query = {name: value for name, value in parse_qsl(at.query, True) if name != "lang"}

    def link(to: str, **more: str | None) -> str:
        given = {name: value for name, value in more.items() if value}
        return address(to, {**given, "lang": "en"} if lang == "en" else given)

    html = templates.get_template(template).render(
        lang=lang,
        style=Markup(STYLE),
        nonce=nonce,
        files=used,
        link=link,
        signed_in=COOKIE in request.cookies,
        lists=_gets_lists(request),
        other_language=address(path, query if lang == "en" else {**query, "lang": "en"}),
        say=lambda name, **filled: said(PHRASES[name], lang, **filled),
        words=lambda words: words.zh if lang == "zh" else words.en,
        area=lambda code: area(code).of(lang),
        service=lambda code: named(code, SERVICES).of(lang),
        local=lambda moment: f"{moment.astimezone(SHANGHAI):%Y-%m-%d %H:%M}",
        **values,
    )
    policy = _policy(nonce, {file.kind for file in used}, asks)
    return HTMLResponse(html, status, headers={**SAFE, "Content-Security-Policy": policy})


def _ours(path: str) -> str:
    """A path for a link. One that somebody else made up (`//elsewhere`, `/\\elsewhere`) leads to no other
    site."""
    return "/" + quote(path.lstrip("/"))


def _gets_lists(request: Request) -> bool:
    """Whether the caller may see the lists, and the overview, of their area."""
    caller: Principal | None = getattr(request.state, "caller", None)
    return caller is not None and not unlisted(caller, SCOPE, caller.actor.region or NOWHERE)


def said(words: Words, lang: Language, **filled: object) -> str:
    """A phrase with what it speaks of; `n` says how many, where it counts."""
    n = filled.get("n")
    text = words.one if isinstance(words, Counted) and lang == "en" and n == 1 else words.of(lang)
    if isinstance(n, int | float):
        filled["n"] = f"{n:,}" if isinstance(n, int) else f"{n:g}"
    return text.format(**filled)


def _policy(nonce: str, kinds: set[str], asks: bool) -> str:
    """What a page may load: only what it uses, by the nonce of this answer."""
    policy = POLICY
    policy += f" 'nonce-{nonce}'" if KINDS[".css"] in kinds else ""
    policy += f"; script-src 'nonce-{nonce}'" if KINDS[".js"] in kinds else ""
    return policy + ("; connect-src 'self'" if asks else "")
