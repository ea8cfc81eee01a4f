"""What people run on machines of their own runs on the Python that they have, often one of years ago."""

import ast
from typing import Any

import pytest

from tests.laws.files import ROOT

OLDEST = (3, 7)
HANDED_OVER = ["verify.py", "witness.py"]
GENERIC = {"dict", "list", "set", "tuple", "frozenset", "type", "Callable", "Iterator"}


class Evaluated(ast.NodeTransformer):
    """What is evaluated at all: no annotation (PEP 563), and nothing that only a type checker reads."""

    def visit_If(self, node: ast.If) -> Any:
        """Leave out what is under `if TYPE_CHECKING`."""
        checking = isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        return None if checking else self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.arg:
        """Leave out what it takes."""
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:
        """Leave out what it returns."""
        node.returns = None
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> Any:
        """Leave out what it is."""
        node.annotation = ast.Constant(None)
        return self.generic_visit(node)


def too_new(source: str) -> list[str]:
    """The lines that Python 3.7 does not run. Raises `SyntaxError` for what it does not even read."""
    tree = Evaluated().visit(ast.parse(source, feature_version=OLDEST))
    return [ast.unparse(node) for node in ast.walk(tree) if _is_too_new(node)]


def _is_too_new(node: ast.AST) -> bool:
    match node:
        case ast.Subscript(value=ast.Name(name)):
            return name in GENERIC  # 3.9
        case ast.Call(func=ast.Name("pow"), args=[_, ast.UnaryOp(op=ast.USub()), _]):
            return True  # 3.8
        case ast.AugAssign(op=ast.BitOr()):
            return True  # 3.9, of a dict
        case ast.Attribute(attr="removeprefix" | "removesuffix" | "bit_count"):
            return True  # 3.9, 3.10
    return False


@pytest.mark.parametrize("name", HANDED_OVER)
def test_it_runs_on_an_old_python(name: str) -> None:
    source = (ROOT / "services/audit/src/audit" / name).read_text("utf-8")
    assert too_new(source) == []


@pytest.mark.parametrize("name", HANDED_OVER)
def test_an_older_one_says_in_its_first_error_what_is_needed(name: str) -> None:
    """By the line that it prints, since it does not get further than to read it."""
    source = (ROOT / "services/audit/src/audit" / name).read_text("utf-8")
    said = (
        "from __future__ import annotations  # this needs Python 3.7 or newer 需要 Python 3.7 以上"
    )
    assert said in source.splitlines()


@pytest.mark.parametrize(
    "line",
    [
        "Keys = list[int]",
        "made = dict[str, int]()",
        "x = pow(3, -1, 7)",
        "x = 'a'.removeprefix('a')",
    ],
)
def test_what_is_too_new_is_named(line: str) -> None:
    guarded = f"def f(a: list[int]) -> dict[str, int]:\n    b: set[int] = a\nif TYPE_CHECKING:\n    {line}\n"
    assert too_new(guarded) == []
    assert len(too_new(f"{guarded}{line}\n")) == 1


@pytest.mark.parametrize(
    "line", ["if a := 1: pass", "def f(a, /): pass", "match a:\n case 1: pass"]
)
def test_what_an_old_python_does_not_read_is_an_error(line: str) -> None:
    with pytest.raises(SyntaxError):
        too_new(line)
