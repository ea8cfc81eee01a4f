"""The development environment of Shouwang: servers, issuer and services on this machine.

`make run` and the tests start the same things: see `local.servers` and `local.system`.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 — this is where an older one is told so
    sys.exit(
        f"Python 3.11 or newer is needed; {sys.executable} is {sys.version.split()[0]}. "
        "Say which to use: make PYTHON3=/usr/bin/python3.11 run"
    )
