"""Makes the virtual environment in `.local/venv`: `python3 -m local.setup`, before any other target.

Standard library only. It does nothing, in milliseconds, when what it would install has not changed.
"""

import hashlib
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from local.places import LOCAL, ROOT, SETUP_LOG, VENV
from local.steps import only_one, run_quietly, step, trouble_told

REQUIREMENTS = [ROOT / "requirements" / "runtime.txt", ROOT / "requirements" / "dev.txt"]
NETWORK = "Is the package index reachable? Run make again to go on from here."


def packages() -> list[Path]:
    """Our own packages, in the order in which they build on one another."""
    libraries = [ROOT / "libs" / "contracts", ROOT / "libs" / "common"]
    services = [file.parent for file in sorted(ROOT.glob("services/*/pyproject.toml"))]
    return [*libraries, *services, ROOT / "deploy" / "local"]


def fingerprint(files: Iterable[Path], *words: str) -> str:
    """Changes when a file, its place or one of the words changes."""
    known = hashlib.sha256("\0".join(words).encode())
    for file in files:
        known.update(f"{file}\0".encode() + file.read_bytes())
    return known.hexdigest()


def set_up() -> None:
    """Make or complete the virtual environment. Raises `Trouble` and `OSError`."""
    stamp = VENV / "stamp"  # three lines: the Python, the packages of others, our own
    wanted = [
        fingerprint([], sys.version, sys.base_prefix),
        fingerprint(REQUIREMENTS),
        fingerprint(package / "pyproject.toml" for package in packages()),
    ]
    done = stamp.read_text("utf-8").split() if stamp.is_file() else []
    if done == wanted:
        return
    python, log = VENV / "bin" / "python", SETUP_LOG
    pip: list[str | Path] = [
        python,
        "-m",
        "pip",
        "install",
        "--no-input",
        "--disable-pip-version-check",
    ]
    if done[:2] != wanted[:2]:
        other_python = done[:1] not in ([], wanted[:1])
        with step("Making a virtual environment in .local/venv"):
            make = [sys.executable, "-m", "venv", *(["--clear"] if other_python else [])]
            run_quietly(
                [*make, VENV], log, "python3 -m venv failed. On Debian: apt install python3-venv"
            )
        listed: list[str | Path] = [word for file in REQUIREMENTS for word in ("-r", file)]
        with step("Installing the pinned Python packages (about a minute)"):
            run_quietly([*pip, "--require-hashes", *listed], log, f"pip install failed. {NETWORK}")
    editable: list[str | Path] = [word for package in packages() for word in ("-e", package)]
    with step("Installing our own packages"):
        command = [*pip, "--no-deps", "--no-build-isolation", *editable]
        run_quietly(command, log, "Installing our own packages failed.")
    stamp.write_text("\n".join(wanted), encoding="utf-8")


def forget() -> None:
    """Remove everything that was made here. Raises `Trouble` while `make run` runs."""
    with only_one(LOCAL / "run.lock", "Process {pid} runs from here: stop it first (Ctrl-C)."):
        forget_state(LOCAL)
        shutil.rmtree(LOCAL)


def forget_state(home: Path) -> None:
    """Remove what is kept outside of `home`; `local.postgres` says why something may be."""
    note = home / "postgres.place"
    if note.exists():
        shutil.rmtree(note.read_text("utf-8"))
        note.unlink()


def main() -> None:
    """Set up, or with `--forget` remove all of it."""
    with trouble_told():
        if sys.argv[1:] == ["--forget"]:
            forget()
            return
        with only_one(LOCAL / "setup.lock", "", wait=True):
            set_up()


if __name__ == "__main__":
    main()
