"""What is asked of the rebuild is what it is told, and the timeline stays if it may not be swapped."""

import sys
from typing import Any

import pytest

from audit import rebuild
from audit.rebuild import WouldLose, main
from audit.rebuilding.roots import Contradicted


@pytest.mark.parametrize("refused", [WouldLose, Contradicted])
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("", {"workers": 1, "resume": False, "lose": False}),
        ("--workers 3 --resume --lose", {"workers": 3, "resume": True, "lose": True}),
    ],
)
def test_nothing_is_lost_that_was_not_asked_for(
    refused: type[Exception], arguments: str, told: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = list[dict[str, Any]]()

    async def refuses(*_: object, keys: object, **options: Any) -> None:
        asked.append(options)
        raise refused("2 events")

    for name in ("DATABASE_URL", "KAFKA_BOOTSTRAP_SERVERS"):
        monkeypatch.setenv(name, "nowhere")
    monkeypatch.setattr(rebuild, "rebuild", refuses)
    monkeypatch.setattr(rebuild, "collect_seldom", lambda: None)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    monkeypatch.setattr(sys, "argv", ["rebuild", *arguments.split()])
    with pytest.raises(SystemExit, match=r"Nothing was swapped: 2 events\. Give --lose"):
        main()
    assert asked == [told]
