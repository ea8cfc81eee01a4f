"""The programs that operators run beside the service, as they run them."""

import asyncio
import os
import sys

from common.service import Runtime


async def program(runtime: Runtime, module: str, *options: str) -> tuple[int | None, str]:
    """In the environment of the service: its exit code, and what it said."""
    settings = runtime.settings
    ran = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, *options),
        env={
            **os.environ,
            "DATABASE_URL": settings.database_url,
            "KAFKA_BOOTSTRAP_SERVERS": settings.kafka_bootstrap_servers,
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await ran.communicate()
    return ran.returncode, said.decode()
