"""Around every request: a client that goes away is no failure of the service."""

from typing import Any

from fastapi import Request
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from libs.common.tests.bare import bare


def counted(status: str) -> float:
    """Requests to the route that ended like this."""
    name = "shouwang_http_request_seconds_count"
    labels = {"method": "POST", "route": "/v1/cut-off", "status": status}
    return REGISTRY.get_sample_value(name, labels) or 0


async def test_a_client_that_goes_away_before_its_body_is_whole_is_no_failure_of_ours() -> None:
    app, sent = bare(), list[Any]()

    @app.post("/v1/cut-off")
    async def read(request: Request) -> int:
        return len(await request.body())

    coming = iter(
        [
            {"type": "http.request", "body": b"{", "more_body": True},
            {"type": "http.disconnect"},
        ]
    )

    async def receive() -> Any:
        return next(coming)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/v1/cut-off",
        "raw_path": b"/v1/cut-off",
        "query_string": b"",
        "root_path": "",
        "headers": [],
        "server": ("test", 80),
    }
    with capture_logs() as logs:
        await app(scope, receive, send)
    assert (sent, counted("500"), counted("499")) == ([], 0, 1)
    assert [(entry["event"], entry["log_level"]) for entry in logs] == [("client_gone", "info")]
