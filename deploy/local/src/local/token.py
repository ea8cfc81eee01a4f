"""Prints a bearer token and nothing else: `python3 -m local.token yibao`. Standard library only."""

import json
import sys
import urllib.request
from urllib.parse import urlencode

from local.clients import CLIENTS
from local.places import ENDPOINTS, STATE
from local.steps import Trouble, trouble_told


def token(client: str) -> str:
    """A token for a development client from the issuer that runs here. Raises `Trouble`."""
    if client not in CLIENTS:
        raise Trouble(f"No client {client!r}. Say CLIENT= and one of: {', '.join(CLIENTS)}")
    try:
        issuer = json.loads(ENDPOINTS.read_text("utf-8"))["issuer"]
        secret = json.loads((STATE / "clients.json").read_text("utf-8"))[client]
        form = {"grant_type": "client_credentials", "client_id": client, "client_secret": secret}
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(f"{issuer}/token", urlencode(form).encode(), timeout=10) as answer:
            return str(json.load(answer)["access_token"])
    except OSError as error:
        raise Trouble(f"The issuer does not answer ({error}). Start it first: make run") from error


if __name__ == "__main__":
    with trouble_told():
        print(token(sys.argv[1] if len(sys.argv) > 1 else ""))
