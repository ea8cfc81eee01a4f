"""The pages that people read, and what stands in them."""

import re
from dataclasses import dataclass
from functools import cache

from tests.laws.files import ROOT, files

PAGES = [path for path in files() if path.endswith(".md")]
READ_FIRST = ["README.md", *(page for page in PAGES if re.fullmatch(r"docs/[^/]+", page))]


@dataclass(frozen=True)
class Block:
    """A fenced block of a page; `line` is its first, for messages and test ids."""

    page: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


@cache
def text_of(page: str) -> str:
    """The whole page."""
    return (ROOT / page).read_text("utf-8")


def all_blocks(page: str) -> list[Block]:
    """Every fenced block, in order."""
    text = text_of(page)
    return [
        Block(page, text.count("\n", 0, found.start(2)) + 1, found[1], found[2])
        for found in re.finditer(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    ]


def blocks(page: str, language: str) -> list[Block]:
    """The blocks of one language, in order."""
    return [block for block in all_blocks(page) if block.language == language]


def prose(page: str) -> str:
    """The page without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", text_of(page), flags=re.MULTILINE | re.DOTALL)


def quoted(page: str) -> list[str]:
    """What stands between backticks in the prose, in one line each."""
    return [re.sub(r"\s+", " ", word) for word in re.findall(r"`([^`]+)`", prose(page))]


def links(page: str) -> list[str]:
    """Where the page's relative links lead."""
    found = re.findall(r"\]\(([^)\s]+)\)", prose(page))
    return [link for link in found if not re.match(r"[a-z]+:", link)]
