"""Where a household's income comes from, source by source."""

from dataclasses import dataclass

from contracts.wording import Code


class IncomeSource(Code):
    """One line of income. The first word of the code is its group: wage, operating, property, transfer."""

    WAGE_MIGRANT = "WAGE_MIGRANT", "外出务工工资", "wages away from home"
    WAGE_LOCAL = "WAGE_LOCAL", "本地务工工资", "local wages"
    WAGE_PUBLIC_POST = "WAGE_PUBLIC_POST", "公益性岗位工资", "wages of a public-welfare post"
    OPERATING_PLANTING = "OPERATING_PLANTING", "种植业收入", "planting"
    OPERATING_REARING = "OPERATING_REARING", "养殖业收入", "rearing"
    OPERATING_OTHER = "OPERATING_OTHER", "其他经营收入", "other business"
    PROPERTY_RENT = "PROPERTY_RENT", "租金", "rent"
    PROPERTY_LAND = "PROPERTY_LAND", "土地流转收入", "transfer of land"
    PROPERTY_DIVIDEND = "PROPERTY_DIVIDEND", "分红", "dividends"
    PROPERTY_INTEREST = "PROPERTY_INTEREST", "利息", "interest"
    TRANSFER_SUBSISTENCE = "TRANSFER_SUBSISTENCE", "低保金", "subsistence allowance"
    TRANSFER_EXTREME_POVERTY = "TRANSFER_EXTREME_POVERTY", "特困供养金", "extreme poverty support"
    TRANSFER_PENSION = "TRANSFER_PENSION", "养老金", "pension"
    TRANSFER_DISABILITY = "TRANSFER_DISABILITY", "残疾人补贴", "disability allowances"
    TRANSFER_SUBSIDY = "TRANSFER_SUBSIDY", "政策性补贴", "subsidies"
    TRANSFER_RELIEF = "TRANSFER_RELIEF", "临时救助", "temporary relief"
    TRANSFER_SUPPORT = "TRANSFER_SUPPORT", "赡养费、抚养费", "support by relatives"
    TRANSFER_OTHER = "TRANSFER_OTHER", "其他转移收入", "other transfers"


@dataclass(frozen=True, kw_only=True)
class IncomeLine:
    """The household's income from one source in the window."""

    source: IncomeSource
    fen: int
