"""The read model, folded anew from the event store (A73): `python -m visits.rebuild`."""

from common.codec import Codec
from common.refold import ReadModel, main
from contracts.visits import VisitsEvent
from visits import read_model

MODEL = ReadModel(
    "visits",
    Codec.of(VisitsEvent),
    read_model.TABLES,
    read_model.project,
    deciders={},
    heard=read_model.HEARD,
)

if __name__ == "__main__":
    main(MODEL)
