"""Where the case of a household stands, and which decision it leads to."""

from contracts.wording import Code


class Procedure(Code):
    """Which decision a review, a notice or an objection belongs to."""

    IDENTIFICATION = "IDENTIFICATION", "识别认定", "identification"
    ELIMINATION = "ELIMINATION", "风险消除", "elimination"


class Stage(Code):
    """Of a household's case, in the order of the procedure; `NONE`: no case is open."""

    NONE = "NONE", "无在办案件", "no case"
    CLUE_OPEN = "CLUE_OPEN", "线索待核实", "clue open"
    VERIFYING = "VERIFYING", "核实中", "verifying"
    NOT_AT_RISK = "NOT_AT_RISK", "核实结论为不纳入", "found not at risk"
    VERIFIED = "VERIFIED", "已核实", "verified"
    VILLAGE_REVIEWED = "VILLAGE_REVIEWED", "已评议", "reviewed by the village"
    PUBLICISED = "PUBLICISED", "公示中", "posted"
    PUBLICITY_OVER = "PUBLICITY_OVER", "公示期满", "publicity over"
    TOWN_REVIEWED = "TOWN_REVIEWED", "乡镇已审核", "approved by the town"
    MONITORED = "MONITORED", "监测中", "monitored"
    ELIM_VERIFYING = "ELIM_VERIFYING", "消除核实中", "elimination: verifying"
    ELIM_VERIFIED = "ELIM_VERIFIED", "消除已核实", "elimination: verified"
    ELIM_VILLAGE_REVIEWED = (
        "ELIM_VILLAGE_REVIEWED",
        "消除已评议",
        "elimination: reviewed by the village",
    )
    ELIM_PUBLICISED = "ELIM_PUBLICISED", "消除公示中", "elimination: posted"
    ELIM_PUBLICITY_OVER = (
        "ELIM_PUBLICITY_OVER",
        "消除公示期满",
        "elimination: publicity over",
    )
    ELIM_TOWN_REVIEWED = (
        "ELIM_TOWN_REVIEWED",
        "消除乡镇已审核",
        "elimination: approved by the town",
    )
    ELIMINATED = "ELIMINATED", "风险已消除", "risk eliminated"
