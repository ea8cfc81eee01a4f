"""What a suite has recorded, folded once more at its end."""

from common.refold import ReadModel, refold


async def folds(url: str, model: ReadModel) -> None:
    """Raises `AssertionError` unless the events give the tables that serve, row for row (A73)."""
    whole = await refold(url, model, lambda _: None, swap=False)
    assert whole.differs == {}, "the read model is not what the events fold to"
