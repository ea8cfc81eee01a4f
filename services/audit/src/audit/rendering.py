"""How a page is made: templates, language, links, and the headers that keep a page to itself."""

import base64
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from audit.phrases import PHRASES
from audit.sentences import Language
from audit.words import SERVICES, area, named
from common.clock import SHANGHAI

HERE = Path(__file__).parent
STYLE = (HERE / "audit.css").read_text("utf-8")
STYLE_HASH = base64.b64encode(sha256(STYLE.encode()).digest()).decode()
SAFE = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; img-src data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}

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


def address(path: str, query: Mapping[str, str]) -> str:
    """A path with its query."""
    return f"{path}?{urlencode(query)}" if query else path


def page(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page in the reader's language."""
    lang = language(request)
    path = "/" if request.url.path.startswith("/session") else request.url.path
    query = {name: value for name, value in request.query_params.items() if name != "lang"}

    def link(to: str, **more: str | None) -> str:
        given = {name: value for name, value in more.items() if value}
        return address(to, {**given, "lang": "en"} if lang == "en" else given)

    html = templates.get_template(template).render(
        lang=lang,
        style=Markup(STYLE),
        link=link,
        other_language=address(path, query if lang == "en" else {**query, "lang": "en"}),
        say=lambda name, **filled: PHRASES[name].of(lang).format(**filled),
        words=lambda words: words.zh if lang == "zh" else words.en,
        area=lambda code: area(code).of(lang),
        service=lambda code: named(code, SERVICES).of(lang),
        local=lambda moment: f"{moment.astimezone(SHANGHAI):%Y-%m-%d %H:%M}",
        **values,
    )
    return HTMLResponse(html, status, headers=SAFE)
