"""Who may ask for a token in development: `make clients` prints this table.

Production uses any OIDC provider that puts the same claims into its tokens.
"""

from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

COUNTY, TOWN = "441624", "441624108"  # 和平县, 彭寨镇
STAFF = "xiangzhen"  # the department of those who work with the households


@dataclass(frozen=True)
class Client:
    """A system or a person that acts. `region` is a prefix of the area codes that it may touch."""

    id: str
    organisation: str
    department: str
    post: str
    region: str
    scopes: tuple[str, ...]

    @property
    def person(self) -> str:
        """The same made-up uuid in every development environment."""
        return str(uuid5(NAMESPACE_URL, f"https://shouwang.cn/development/{self.id}"))


def _department(code: str, organisation: str) -> Client:
    """A department's system: it reports facts; which ones, and what it sees, the department decides."""
    scopes = ("facts:write", "households:read", "audit:read")
    return Client(code, organisation, code, "DEPARTMENT_OFFICER", COUNTY, scopes)


HOUSEHOLDS = (
    "households:write",
    "households:read",
    "members:read",
    "members:reveal",
    "episodes:read",
)
VISITS = ("visits:write", "visits:read")
VILLAGE = (*HOUSEHOLDS, "episodes:village", *VISITS)
TOWNSHIP = (
    *HOUSEHOLDS,
    "episodes:village",
    "episodes:town",
    "policies:simulate",
    *VISITS,
    "visits:void",
)
OFFICE = (
    *HOUSEHOLDS,
    "households:county",
    "members:rights",
    "access:read",
    "episodes:county",
    "visits:read",
    "visits:void",
    "parked:manage",
    "policies:publish",
    "policies:simulate",
    "clock:set",
    "days:close",
)
OVERSIGHT = (
    "households:read",
    "episodes:read",
    "visits:read",
    "audit:read",
    "access:read",
    "policies:simulate",
)

CLIENTS = {
    client.id: client
    for client in (
        _department("yibao", "和平县医疗保障局"),
        _department("jiaoyu", "和平县教育局"),
        _department("minzheng", "和平县民政局"),
        _department("renshe", "和平县人力资源和社会保障局"),
        _department("zhujian", "和平县住房和城乡建设局"),
        _department("shuiwu", "和平县水务局"),
        _department("canlian", "和平县残疾人联合会"),
        _department("weijian", "和平县卫生健康局"),
        _department("nongye", "和平县农业农村局"),
        _department("jinrong", "和平县金融工作局"),
        _department("shuiwuju", "国家税务总局和平县税务局"),
        _department("shichang", "和平县市场监督管理局"),
        _department("budongchan", "和平县不动产登记中心"),
        _department("sifa", "和平县司法局"),
        _department("yingji", "和平县应急管理局"),
        _department("gongan", "和平县公安局"),
        Client(
            "village-jucun", "彭寨镇聚村村民委员会", STAFF, "VILLAGE_CADRE", f"{TOWN}201", VILLAGE
        ),
        Client(
            "village-shangzhen",
            "彭寨镇上镇村村民委员会",
            STAFF,
            "VILLAGE_CADRE",
            f"{TOWN}202",
            VILLAGE,
        ),
        Client("town-pengzhai", "和平县彭寨镇人民政府", STAFF, "TOWN_REVIEWER", TOWN, TOWNSHIP),
        Client("county-office", "和平县乡村振兴局", STAFF, "COUNTY_APPROVER", COUNTY, OFFICE),
        Client(
            "qr-page", "和平县一码申报", "qr-page", "SELF_SERVICE", COUNTY, ("declarations:write",)
        ),
        Client("supervisor", "和平县纪律检查委员会", STAFF, "SUPERVISOR", COUNTY, OVERSIGHT),
    )
}


def main() -> None:
    """Print the table."""
    print(f"{'CLIENT':<18}{'OF':<28}{'REGION':<13}{'POST':<19}MAY")
    for client in CLIENTS.values():
        wide = len(client.organisation)  # each of its characters takes two columns
        of = f"{client.organisation:<{28 - wide}}"
        acts = f"{client.region:<13}{client.post:<19}{' '.join(client.scopes)}"
        print(f"{client.id:<18}{of}{acts}")
    print("\nA token: make -s token CLIENT=yibao")


if __name__ == "__main__":
    main()
