"""Which ports are used: fixed ones that people know, or free ones for tests."""

import os
import secrets
import socket
from collections.abc import Iterable, Mapping

import psutil

from local.steps import Trouble

LOOPBACK = "127.0.0.1"
DEVELOPMENT = {
    "postgres": 15432,
    "kafka": 19092,
    "kafka_controller": 19093,
    "issuer": 8100,
    "identification": 8101,
    "visits": 8102,
    "employment": 8103,
    "assistance": 8104,
    "assets": 8105,
    "governance": 8106,
    "audit": 8107,
}
# Below the range from which systems take the ports of outgoing connections: a port found free here
# stays free while a server is restarted on it.
FREE = range(20_000, 32_000)


def variable(name: str) -> str:
    """The environment variable that sets the port of a program, e.g. `KAFKA_PORT`."""
    return f"{name.upper()}_PORT"


def development_ports(environment: Mapping[str, str] = os.environ) -> dict[str, int]:
    """The ports of `make run`: the usual ones unless the environment says otherwise.

    Raises `Trouble` for a setting that is no port.
    """
    ports = {}
    for name, usual in DEVELOPMENT.items():
        given = environment.get(variable(name)) or str(usual)
        if not given.isdecimal() or not 0 < int(given) < 65_536:
            raise Trouble(f"{variable(name)} is {given!r}: give a port, 1 to 65535.")
        ports[name] = int(given)
    return ports


def free_ports() -> dict[str, int]:
    """A free port for every program, all different."""
    found: list[int] = []
    while len(found) < len(DEVELOPMENT):
        port = secrets.choice(FREE)
        if port not in found and is_free(port):
            found.append(port)
    return dict(zip(DEVELOPMENT, found, strict=True))


def is_free(port: int) -> bool:
    """Whether a server could listen on a port of the loopback interface now."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the servers do
        try:
            trial.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def must_be_free(ports: Mapping[str, int], names: Iterable[str]) -> None:
    """Raises `Trouble` that names every port that is taken, by whom, and how to choose others."""
    taken = [name for name in names if not is_free(ports[name])]
    if taken:
        told = [f"Port {ports[n]} for {n} is taken by {_holder(ports[n])}." for n in taken]
        others = " ".join(f"{variable(name)}={ports[name] + 1000}" for name in taken)
        raise Trouble("\n".join([*told, f"Stop it, or choose another: {others} make run"]))


def _holder(port: int) -> str:
    """The process that listens on a port, if this user may know it."""
    try:
        for connection in psutil.net_connections("tcp"):
            listens = connection.status == psutil.CONN_LISTEN
            if listens and connection.laddr and connection.laddr.port == port and connection.pid:
                return f"{psutil.Process(connection.pid).name()} (process {connection.pid})"
    except psutil.Error:
        pass  # not every system tells an ordinary user
    return "another process"
