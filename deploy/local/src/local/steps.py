"""What people see while they wait, and what they read when it goes wrong. Standard library only."""

import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path


class Trouble(Exception):
    """Something that a person has to mend. The message says what it is and what to do."""


@contextmanager
def step(what: str) -> Iterator[None]:
    """One line of progress: what is done, then how many seconds it took."""
    started = time.monotonic()
    print(f"  {what} … ", end="", flush=True)
    try:
        yield
    except BaseException:
        print("stopped", flush=True)
        raise
    print(f"{time.monotonic() - started:.1f} s", flush=True)


@contextmanager
def trouble_told() -> Iterator[None]:
    """The edge of a program: trouble ends it with a message and exit code 1, without a traceback."""
    try:
        yield
    except Trouble as trouble:
        sys.exit(f"\n{trouble}")
    except KeyboardInterrupt:
        sys.exit("\nStopped.")
    except OSError as error:
        # ENOSPC, EROFS, EACCES and the like: the system's own words name the file.
        sys.exit(f"\n{error}\nIs the disk full (df -h .), or may this user not write here?")


@contextmanager
def only_one(lock: Path, taken: str, *, wait: bool = False) -> Iterator[None]:
    """Hold a lock file. Raises `Trouble(taken)` if another process has it, unless told to `wait`.

    `{pid}` in `taken` becomes the process that has it. The system drops the lock with the process,
    so nothing stays locked after a crash.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    with open(lock, "a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            file.seek(0)
            raise Trouble(taken.format(pid=file.read().strip() or "unknown")) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
        file.truncate(0)


def run_quietly(command: Sequence[str | Path], log: Path, otherwise: str) -> None:
    """Run a program to its end with its output in `log`.

    Raises `Trouble` with the last lines of the output and the advice `otherwise`.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, "ab") as output:
        ended = subprocess.run(
            [*map(str, command)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
            start_new_session=True,  # Ctrl-C is for us; we end it
        )
    if ended.returncode:
        raise Trouble(f"{otherwise}\n\n{last_lines(log)}")


def last_lines(log: Path) -> str:
    """The end of a log, indented, under its name."""
    lines: list[str] = []
    with suppress(FileNotFoundError):
        lines = log.read_text("utf-8", errors="replace").splitlines()[-15:]
    return "\n".join([f"The last lines of {log}:", *(f"    {line}" for line in lines)])
