"""Who lives in a household: sizes, ages, labour, health and schooling (domain 7.3)."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from samples.dice import Dice
from samples.identity import IdentityNumbers
from samples.vocabulary import CAPABLE

COLLECTED_ON = date(2025, 10, 31)  # ages and schooling are as on this day
SIZES = ((1, 14), (2, 22), (3, 20), (4, 20), (5, 14), (6, 7), (7, 3))
SURNAMES = "黄陈叶徐朱曾刘罗吴何凌邹卢谢骆袁"
MALE_NAMES: tuple[str, ...] = (
    "建国", "志强", "文辉", "伟明", "国华", "永新", "春林", "海东",
    "水生", "少军", "德才", "运来", "火生", "石养", "金城", "观胜",
)  # fmt: skip
FEMALE_NAMES: tuple[str, ...] = (
    "秀英", "玉兰", "桂香", "美玲", "雪梅", "丽萍", "春花", "金凤",
    "月娥", "彩云", "月英", "惠芳", "亚妹", "素珍", "凤英", "菊香",
)  # fmt: skip
BOYS_NAMES: tuple[str, ...] = (
    "家俊", "子轩", "宇航", "浩然", "俊杰", "嘉豪",
    "梓豪", "志鹏", "文韬", "伟杰", "泽宇", "锦涛",
)  # fmt: skip
GIRLS_NAMES: tuple[str, ...] = (
    "思琪", "雨欣", "梓涵", "佳怡", "诗雅", "嘉欣",
    "晓彤", "雅婷", "静怡", "欣怡", "可馨", "婉婷",
)  # fmt: skip
YOUNG = 35  # names have their fashions
MALE_RELATIONS = frozenset({"之子", "之父", "之孙子", "之祖父"})
FEMALE_RELATIONS = frozenset({"之女", "之母", "之孙女", "之祖母", "之儿媳"})
OWN_SURNAME = frozenset({"配偶", "之母", "之祖母", "之儿媳", "其他"})


@dataclass(frozen=True, kw_only=True)
class Member:
    """One row of members.csv; the code words are those of the export."""

    name: str
    identity_number: str
    relation: str
    male: bool
    born_on: date
    labour: str
    health: str
    schooling: str


def age_on(born_on: date, day: date) -> int:
    """Full years of life."""
    return day.year - born_on.year - ((day.month, day.day) < (born_on.month, born_on.day))


def compose(
    dice: Dice, numbers: IdentityNumbers, *, size: int, labour: bool, poor: bool
) -> list[Member]:
    """A household of `size` persons, the head first. With `labour`, at least one can work;
    without, nobody can."""
    head_age = dice.between(26, 64) if labour else dice.between(66, 88)
    relations = relatives(dice, head_age, size, labour=labour)
    surname = dice.pick(SURNAMES)
    head_is_male = dice.chance(780)
    members: list[Member] = []
    for relation, age in [("户主", head_age), *relations]:
        male = is_male(dice, relation, head_is_male=head_is_male)
        birthday = date(COLLECTED_ON.year - age, 10, 31) - timedelta(days=dice.below(365))
        identity_number, born_on = numbers.issue(birthday, male=male)
        age = age_on(born_on, COLLECTED_ON)
        schooling = schooling_at(dice, age_on(born_on, date(2025, 8, 31)))
        health = health_at(dice, age, poor=poor)
        if labour:
            capacity = capacity_of(dice, age, health, schooling)
        else:
            if 16 <= age < 60:
                health, schooling = "残疾", "非在校生"
            capacity = "丧失劳动力" if health == "残疾" and age >= 16 else "无劳动力"
        members.append(
            Member(
                name=name_of(
                    dice,
                    dice.pick(SURNAMES) if relation in OWN_SURNAME else surname,
                    male=male,
                    young=age < YOUNG,
                    taken={member.name for member in members},
                ),
                identity_number=identity_number,
                relation=relation,
                male=male,
                born_on=born_on,
                labour=capacity,
                health=health,
                schooling=schooling,
            )
        )
    if labour and not any(member.labour in CAPABLE for member in members):
        members[0] = replace(members[0], labour="普通劳动力", health="健康")
    return members


def relatives(dice: Dice, head_age: int, size: int, *, labour: bool) -> list[tuple[str, int]]:
    """Relation and age of everybody but the head."""
    found: list[tuple[str, int]] = []
    if size > 1 and dice.chance(880):
        low = max(22 if labour else 60, head_age - 5)
        found.append(("配偶", dice.between(low, max(low, head_age + 3))))
    while len(found) < size - 1:
        taken = {relation for relation, _ in found}
        old = head_age >= 48
        relation = dice.weighted(
            [
                ("之子", 40 if labour else 12),
                ("之女", 32 if labour else 6),
                ("之孙子", 18 if old else 0),
                ("之孙女", 16 if old else 0),
                ("之儿媳", 14 if labour and old and "之子" in taken else 0),
                ("之父", 9 if "之父" not in taken and head_age < 66 else 0),
                ("之母", 14 if "之母" not in taken and head_age < 66 else 0),
                ("之兄弟姐妹", 3),
            ]
        )
        found.append((relation, relative_age(dice, relation, head_age, labour=labour)))
    return found


def relative_age(dice: Dice, relation: str, head_age: int, *, labour: bool) -> int:
    match relation:
        case "之子" | "之女":
            age = max(0, head_age - dice.between(22, 34))
            return age if labour else max(40, age)
        case "之孙子" | "之孙女":
            age = max(0, head_age - dice.between(46, 58))
            return age if labour else min(15, age)
        case "之儿媳":
            return max(22, head_age - dice.between(23, 32))
        case "之父" | "之母":
            return min(93, head_age + dice.between(21, 30))
        case _:
            return max(18, head_age - dice.between(1, 8))


def is_male(dice: Dice, relation: str, *, head_is_male: bool) -> bool:
    if relation == "户主":
        return head_is_male
    if relation == "配偶":
        return not head_is_male
    if relation in MALE_RELATIONS:
        return True
    if relation in FEMALE_RELATIONS:
        return False
    return dice.chance(500)


def name_of(dice: Dice, surname: str, *, male: bool, young: bool, taken: set[str]) -> str:
    """A name that nobody else in the household has."""
    if young:
        given_names = BOYS_NAMES if male else GIRLS_NAMES
    else:
        given_names = MALE_NAMES if male else FEMALE_NAMES
    while True:
        name = surname + dice.pick(given_names)
        if name not in taken:
            return name


def schooling_at(dice: Dice, age: int) -> str:
    """By the age on 31 August of the school year; nobody of compulsory age is out of school
    (S1.3-02: a dropout is a department's fact, not a property of the register)."""
    if age < 3 or age > 22:
        return "非在校生"
    if age < 6:
        return "学前教育"
    if age < 12:
        return "小学"
    if age < 15:
        return "初中"
    if age == 15:
        return dice.pick(("高中", "中职"))
    if age < 18:
        return dice.weighted((("高中", 50), ("中职", 38), ("非在校生", 12)))
    return dice.weighted((("大专", 20), ("本科", 18), ("非在校生", 62)))


def health_at(dice: Dice, age: int, *, poor: bool) -> str:
    if age < 16:
        return dice.weighted((("健康", 980), ("长期慢性病", 10), ("残疾", 8), ("患有大病", 2)))
    more = 2 if poor else 1
    if age < 60:
        sick = (("长期慢性病", 50 * more), ("残疾", 18 * more), ("患有大病", 8 * more))
    else:
        sick = (("长期慢性病", 250), ("残疾", 35 * more), ("患有大病", 20 * more))
    return dice.weighted((*sick, ("健康", 1000 - sum(weight for _, weight in sick))))


def capacity_of(dice: Dice, age: int, health: str, schooling: str) -> str:
    """Under 16 is NONE (glossary); pupils and students do not work; strength wanes from 60."""
    if age < 16 or schooling != "非在校生" or age >= 75:
        return "无劳动力"
    if health in ("残疾", "患有大病"):
        return dice.weighted((("丧失劳动力", 55), ("弱劳动力或半劳动力", 45)))
    if age >= 60:
        return dice.weighted((("弱劳动力或半劳动力", 65), ("无劳动力", 35)))
    if health == "长期慢性病":
        return dice.weighted((("普通劳动力", 60), ("弱劳动力或半劳动力", 40)))
    return dice.weighted((("普通劳动力", 88), ("技能劳动力", 12)))
