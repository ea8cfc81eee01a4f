"""A copy of the code into which a violation can be planted."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.laws.files import ROOT, files

Result = subprocess.CompletedProcess[str]


@dataclass(frozen=True)
class Copy:
    """The code under `root`, as clean as the original."""

    root: Path

    @classmethod
    def made(cls, root: Path) -> "Copy":
        """Copy the libraries and the services whole, of the rest what the tools look at."""
        for path in files():
            if not path.startswith(("libs/", "services/")) and not path.endswith((".py", ".toml")):
                continue
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes((ROOT / path).read_bytes())
        return cls(root)

    @contextmanager
    def planted(self, path: str, text: str, *, instead_of: str = "") -> Iterator[None]:
        """Put `text` at the end of a file, or where something else stood; or make a new file."""
        file = self.root / path
        original = file.read_text("utf-8") if file.exists() else None
        if instead_of:
            assert original is not None, path
            assert original.count(instead_of) == 1, f"{path}: {instead_of!r}"
            planted = original.replace(instead_of, text)
        else:
            planted = (original or "") + text
        file.write_text(planted, encoding="utf-8")
        try:
            yield
        finally:
            if original is None:
                file.unlink()
            else:
                file.write_text(original, encoding="utf-8")

    def run(self, *words: str, environment: dict[str, str] | None = None) -> Result:
        """Run a program of the virtual environment on the copy."""
        ours = os.pathsep.join(str(source) for source in sorted(self.root.glob("*/*/src")))
        return subprocess.run(
            [str(Path(sys.executable).parent / words[0]), *words[1:]],
            cwd=self.root,
            # Before the installed packages, which are the original.
            env={**os.environ, **(environment or {}), "PYTHONPATH": ours, "COLUMNS": "200"},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def lint(self) -> Result:
        """`ruff check`, as `make check` runs it, on libraries and services."""
        concise = ("--no-cache", "--output-format", "concise")
        return self.run("ruff", "check", *concise, "libs", "services")

    def imports(self) -> Result:
        """`lint-imports`, as `make check` runs it."""
        return self.run("lint-imports", "--no-cache")

    def types(self, *targets: str) -> Result:
        """`mypy` on a few targets. What did not change since the last call is not read again."""
        return self.run("mypy", "--cache-dir", str(self.root / ".mypy_cache"), *targets)


def is_clean(result: Result) -> None:
    """Asserts that nothing was found."""
    assert result.returncode == 0, result.stdout + result.stderr


def is_refused(result: Result, *words: str) -> None:
    """Asserts that something was found, and that it is said in these words."""
    assert result.returncode != 0, f"the violation went unnoticed:\n{result.stdout}"
    assert not [word for word in words if word not in result.stdout], result.stdout + result.stderr
