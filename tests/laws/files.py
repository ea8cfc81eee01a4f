"""The files of the project: those that git has, or would take."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def files(*folders: str) -> list[str]:
    """Paths relative to the root, sorted; only those under `folders`, if any are given."""
    # The checkout may belong to another user, as in a container.
    git = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others"]
    listed = subprocess.run(
        [*git, "--exclude-standard", "--", *folders],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return sorted(
        path for path in set(listed.stdout.split("\0")) if path and (ROOT / path).is_file()
    )
