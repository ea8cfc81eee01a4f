"""Names for the codes that envelopes carry. A code that is not here is shown as it is."""

from collections import ChainMap
from collections.abc import Iterator, Mapping

from audit.meaning.sentences import Codes, Words

POSTS = {
    "DEPARTMENT_OFFICER": Words("部门工作人员", "department officer"),
    "VILLAGE_CADRE": Words("村干部", "village cadre"),
    "VILLAGE_PARTY_SECRETARY": Words("村支部书记", "village party secretary"),
    "TOWN_CADRE": Words("镇干部", "town cadre"),
    "TOWN_PARTY_SECRETARY": Words("镇党委书记", "town party secretary"),
    "TOWN_REVIEWER": Words("乡镇审核人员", "town reviewer"),
    "STATIONED_TEAM": Words("驻镇帮镇扶村工作队员", "stationed team"),
    "COUNTY_OFFICER": Words("县级干部", "county officer"),
    "COUNTY_APPROVER": Words("县级审定人员", "county approver"),
    "SUPERVISOR": Words("监督检查人员", "supervisor"),
    "RULE_ENGINE": Words("规则引擎", "rule engine"),
    "SYSTEM": Words("系统", "system"),
    "SELF_SERVICE": Words("自助申报", "self-service"),
}

SERVICES = {
    "identification": Words("户情识别", "identification"),
    "visits": Words("走访", "visits"),
    "employment": Words("就业", "employment"),
    "assistance": Words("帮扶", "assistance"),
    "assets": Words("项目资产", "assets"),
    "governance": Words("治理", "governance"),
    "audit": Words("监督", "audit"),
}

DEPARTMENTS = {
    "yibao": Words("医疗保障部门", "medical security"),
    "jiaoyu": Words("教育部门", "education"),
    "minzheng": Words("民政部门", "civil affairs"),
    "renshe": Words("人力资源社会保障部门", "human resources and social security"),
    "zhujian": Words("住房城乡建设部门", "housing and construction"),
    "shuiwu": Words("水务部门", "water"),
    "canlian": Words("残疾人联合会", "disabled persons' federation"),
    "weijian": Words("卫生健康部门", "health"),
    "nongye": Words("农业农村部门", "agriculture and rural affairs"),
    "jinrong": Words("金融部门", "finance"),
    "shuiwuju": Words("税务部门", "taxation"),
    "shichang": Words("市场监管部门", "market supervision"),
    "budongchan": Words("不动产登记部门", "real estate registration"),
    "sifa": Words("司法部门", "justice"),
    "yingji": Words("应急管理部门", "emergency management"),
    "gongan": Words("公安部门", "police"),
    "xiangzhen": Words("县乡村工作人员", "county, town and village staff"),
    "qr-page": Words("一码申报", "declaration by QR code"),
    "identification": SERVICES["identification"],  # whose rules act
    "visits": SERVICES["visits"],  # likewise
}

PURPOSES = {  # those that are recorded where nobody states one
    purpose.zh: purpose
    for purpose in (
        Words("监督检查", "supervision"),
        Words("办理本部门任务", "a department's task"),
        Words("浏览器自动核验", "verified by the browser by itself"),
    )
}

TOWNS = {
    "441624100": Words("阳明镇", "Yangming"),
    "441624101": Words("大坝镇", "Daba"),
    "441624102": Words("长塘镇", "Changtang"),
    "441624103": Words("下车镇", "Xiache"),
    "441624104": Words("上陵镇", "Shangling"),
    "441624105": Words("优胜镇", "Yousheng"),
    "441624106": Words("贝墩镇", "Beidun"),
    "441624107": Words("古寨镇", "Guzhai"),
    "441624108": Words("彭寨镇", "Pengzhai"),
    "441624109": Words("合水镇", "Heshui"),
    "441624110": Words("公白镇", "Gongbai"),
    "441624111": Words("青州镇", "Qingzhou"),
    "441624112": Words("浰源镇", "Liyuan"),
    "441624113": Words("热水镇", "Reshui"),
    "441624114": Words("东水镇", "Dongshui"),
    "441624115": Words("礼士镇", "Lishi"),
    "441624116": Words("林寨镇", "Linzhai"),
}
COUNTIES = {"441624": Words("和平县", "Heping County")}


def named(code: str, names: dict[str, Words]) -> Words:
    """The name of a code, or the code itself."""
    return names.get(code, Words(code, code))


def inside(code: str) -> list[str]:
    """The towns inside an area; none of one that is a town, or less, itself."""
    return [town for town in TOWNS if town.startswith(code) and town != code]


def area(code: str) -> Words:
    """The town or county an area code lies in, with the code: "彭寨镇(441624108201)"."""
    town = TOWNS.get(code[:9])
    name = town or COUNTIES.get(code[:6])
    if name is None:
        return Words(code, code)
    whole = not code[9 if town else 6 :].strip("0")
    return name if whole else Words(f"{name.zh}（{code}）", f"{name.en} ({code})")


class _Areas(Mapping[str, Words]):
    """The areas that have a name, and those inside of them."""

    def __getitem__(self, code: str) -> Words:
        if code[:6] not in COUNTIES or not (len(code) <= 12 and code.isdigit()):
            raise KeyError(code)
        return area(code)

    def __iter__(self) -> Iterator[str]:
        return iter((*COUNTIES, *TOWNS))

    def __len__(self) -> int:
        return len(COUNTIES) + len(TOWNS)


AREAS: Codes = _Areas()

# What a list of households was asked for (`ListLookedAt.filters`): names of filters, and their codes.
FILTERS: Codes = ChainMap(
    {
        "village": Words("村", "village"),
        "map": Words("着色", "coloured by"),
        "phase": Words("状态", "phase"),
        "step": Words("环节", "step"),
        "duty": Words("任务", "duty"),
        "due": Words("到期月份", "due in"),
        "outcome": Words("结果", "outcome"),
        "department": Words("部门", "department"),
        "refused": Words("被拒绝", "refused"),
        "since": Words("自", "from"),
        "until": Words("至", "until"),
        "CLUE": Words("线索", "clue"),
        "VERIFIED": Words("核实", "verified"),
        "CONFIRMED": Words("认定", "confirmed"),
        "MONITORED": Words("监测中", "monitored"),
        "ELIMINATED": Words("消除", "eliminated"),
        "opened": Words("已产生", "opened"),
        "fulfilled": Words("已完成", "fulfilled"),
        "breached": Words("已逾期", "breached"),
        "open": Words("未完成", "still open"),
        "true": Words("是", "yes"),
        "false": Words("否", "no"),
    },
    DEPARTMENTS,
    AREAS,  # type: ignore[arg-type] # it is only read
)


def is_area(field: str) -> bool:
    """Whether a field holds the code of an area, by its name: `region`, `area`, `from_region`."""
    return field.rpartition("_")[2] in ("area", "region")
