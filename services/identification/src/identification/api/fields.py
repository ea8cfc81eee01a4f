"""The fields that forms share. Each has an example, of which the document makes one of every form."""

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from identification.domain.guards import SHORTEST_REASON
from identification.identity import is_in

Said = StringConstraints(strip_whitespace=True, min_length=1)  # blanks say nothing
Count = Annotated[int, Field(strict=True, ge=0, le=10_000)]
WRITTEN = ["经入户核实并与本人谈话，情况属实"]
Reason = Annotated[str, Said, Field(max_length=500, examples=WRITTEN)]
# Of a decision against somebody, which others must be able to follow: what the domain calls `explained`.
Explanation = Annotated[
    str, Said, Field(min_length=SHORTEST_REASON, max_length=500, examples=WRITTEN)
]
Region = Annotated[
    str,
    Field(
        pattern="^[0-9]{12}$",
        description="12-digit area code of the village",
        examples=["441624108201"],
    ),
]


def _nobody_s(text: str) -> str:
    if is_in(text):
        raise ValueError("personal")
    return text


# What somebody else made up goes on the log as it is, but never an identity number.
NamesNobody = AfterValidator(_nobody_s)
RegisterNumber = Annotated[
    str, Field(pattern=r"^[A-Z0-9-]{3,20}$", examples=["DOC-00001"]), NamesNobody
]
NUMBERS = ["990000197905057716"]  # of nobody: no area has the prefix
IdentityNumber = Annotated[str, Field(min_length=18, max_length=22, examples=NUMBERS)]
Name = Annotated[str, Said, Field(max_length=60, examples=["黄某某"])]
Address = Annotated[str, Said, Field(max_length=200, examples=["彭寨镇聚村1组"])]
Summary = Annotated[
    str, Said, Field(min_length=4, max_length=200, examples=["入户排查发现劳动力受伤"])
]
NOTICE = "经村民代表会议评议，拟将聚村1组一户纳入防止返贫监测，现予公示，公示期五天。"
TWO = [["6f1c2d70-4b7e-4a51-9d3e-2f8a0c5b9e21", "6f1c2d70-4b7e-4a51-9d3e-2f8a0c5b9e22"]]
