"""The limit of a single command over HTTP: an empty POST, served as the services are served."""

import os

import uvicorn
from fastapi import FastAPI

from common.protocol import OnlyHttp

app = FastAPI()


@app.post("/empty", status_code=201)
async def empty() -> dict[str, str]:
    """Nothing is read and nothing is done."""
    return {}


@app.get("/health/ready")
async def ready() -> dict[str, str]:
    """It is."""
    return {}


if __name__ == "__main__":
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=int(os.environ["PORT"]),
        loop="uvloop",
        http=OnlyHttp,
        log_config=None,
        access_log=False,
        server_header=False,
    )
