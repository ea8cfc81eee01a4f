"""The read model, folded anew from the event store (A73): `python -m identification.rebuild`.

The vault stays as it is: what it holds is in no event.
"""

from common.codec import Codec
from common.refold import ReadModel, main
from contracts.identification import IdentificationEvent
from identification import read_model
from identification.domain.household import HOUSEHOLD
from identification.domain.housing import HOUSING
from identification.domain.water import WATER

MODEL = ReadModel(
    "identification",
    Codec.of(IdentificationEvent),
    read_model.TABLES,
    read_model.fold,
    {"household-": HOUSEHOLD, "housing-of-household-": HOUSING, "water-source-": WATER},
)

if __name__ == "__main__":
    main(MODEL)
