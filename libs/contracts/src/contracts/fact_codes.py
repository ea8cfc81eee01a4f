"""The code lists of department facts: what may be reported, in which amounts and words.

Append-only: a code is never renamed, removed or given another meaning.
"""

from contracts.wording import Code


class FactType(Code):
    """What a department may report about a person, or through a person about the household."""

    # 教育
    ENROLMENT = "EnrolmentStatus", "学期就学状态", "enrolment in a term"
    SCHOOLING_COST = "SchoolingCost", "就学自付费用", "own cost of schooling"
    STUDENT_AID = "StudentAid", "学生资助", "student aid"
    HIGHER_EDUCATION = "HigherEducationEntrance", "考入高等院校", "entrance to higher education"
    # 民政
    SOCIAL_PROTECTION = "SocialProtection", "社会救助认定", "social protection"
    TEMPORARY_RELIEF = "TemporaryRelief", "临时救助", "temporary relief"
    CHILD_IN_NEED = "ChildInNeed", "困境儿童", "child in need"
    DISABILITY_ALLOWANCE = "DisabilityAllowance", "残疾人两项补贴", "disability allowance"
    DEATH = "Death", "死亡", "death"
    # 人社
    INSURED_EMPLOYMENT = "InsuredEmployment", "参保就业", "insured employment"
    UNEMPLOYMENT = "UnemploymentRegistration", "失业登记", "unemployment registration"
    SKILL_TRAINING = "SkillTraining", "技能培训", "skill training"
    SKILL_CERTIFICATE = "SkillCertificate", "技能证书", "skill certificate"
    PUBLIC_POST = "PublicPost", "公益性岗位", "public-welfare post"
    PENSION_PREMIUM = "PensionPremium", "养老保险缴费", "pension premium"
    WAGE_DISPUTE = "WageDispute", "欠薪争议", "dispute over wages"
    # 住建
    HOUSING_SAFETY = "HousingSafety", "住房安全鉴定", "housing safety assessment"
    HOUSING_RENOVATION = "HousingRenovation", "危房改造", "housing renovation"
    HOUSING_DAMAGE = "HousingDamage", "房屋灾损", "damage to a house"
    # 医保
    MEDICAL_SETTLEMENT = "MedicalSettlement", "医疗费用结算", "medical settlement"
    INSURANCE_STATE = "InsuranceState", "医保参保状态", "medical insurance state"
    MEDICAL_ASSISTANCE = "MedicalAssistance", "医疗救助", "medical assistance"
    MEDICAL_PREMIUM = "MedicalPremium", "医保缴费", "medical premium"
    # 卫健
    SERIOUS_ILLNESS = "SeriousIllness", "新增大病或特殊病种", "new serious illness"
    DOCTOR_FOLLOW_UP = "DoctorFollowUp", "家庭医生随访", "follow-up by the family doctor"
    BIRTH = "Birth", "出生", "birth"
    # 残联
    DISABILITY_CARD = "DisabilityCard", "残疾人证", "disability card"
    # 农业农村
    FARMING_SCALE = "FarmingScale", "种养规模", "scale of farming"
    CROP_LOSS = "CropLoss", "种养损失", "loss of crops or livestock"
    LAND_TRANSFER = "LandTransfer", "土地流转", "transfer of land"
    # 金融
    MICROCREDIT = "Microcredit", "小额信贷", "microcredit"
    INSURANCE_CLAIM = "InsuranceClaim", "防返贫保险理赔", "claim on prevention insurance"
    # 税务、市场监管、不动产登记、公安车管、司法:只作比对依据
    BUSINESS = "BusinessRegistration", "工商税务登记", "business registration"
    VEHICLE = "VehicleHolding", "名下车辆", "vehicle held"
    PROPERTY = "PropertyHolding", "名下商品房", "property held"
    IMPRISONMENT = "Imprisonment", "服刑", "imprisonment"
    # 应急、公安
    DISASTER = "DisasterImpact", "自然灾害受损", "impact of a disaster"
    ACCIDENT = "TrafficAccident", "交通事故", "traffic accident"
    REGISTER_CHANGE = "RegisterChange", "户籍变动", "change of the household register"


class FactValue(Code):
    """A number in a fact. The end of the name is the unit: fen, days, months, mu, heads."""

    TOTAL = "total_fen", "医疗总费用", "total"
    BASIC_INSURANCE = "basic_insurance_fen", "基本医保支付", "basic insurance"
    SERIOUS_ILLNESS_INSURANCE = (
        "serious_illness_insurance_fen",
        "大病保险支付",
        "serious illness insurance",
    )
    MEDICAL_ASSISTANCE = "medical_assistance_fen", "医疗救助", "medical assistance"
    COMPLIANT_OWN_COST = "compliant_own_cost_fen", "合规自付", "compliant own cost"
    OWN_COST = "own_cost_fen", "自付", "own cost"
    AMOUNT = "amount_fen", "金额", "amount"
    MONTHLY = "monthly_fen", "每月金额", "amount a month"
    LOSS = "loss_fen", "损失", "loss"
    PAID = "paid_fen", "已付", "paid"
    DAYS_OVERDUE = "overdue_days", "逾期天数", "days overdue"
    HOURS = "hours", "学时", "hours"
    AREA = "area_mu", "面积(亩)", "area in mu"
    HEADS = "heads", "头(只)数", "heads"


class FactCode(Code):
    """A coded statement in a fact; a diagnosis is never one of them."""

    # status of EnrolmentStatus
    ENROLLED = "ENROLLED", "在校", "enrolled"
    HOME_TEACHING = "HOME_TEACHING", "送教上门", "taught at home"
    SUSPECTED_DROPOUT = "SUSPECTED_DROPOUT", "疑似辍学", "suspected dropout"
    DROPOUT = "DROPOUT", "失学辍学", "dropout"
    EXEMPT = "EXEMPT", "免学缓学", "exempt or deferred"
    # cause of it
    BY_POVERTY = "BY_POVERTY", "因贫", "for poverty"
    BY_AVERSION = "BY_AVERSION", "因厌学", "for aversion to study"
    BY_ILLNESS = "BY_ILLNESS", "因病", "for illness"
    BY_OTHER = "BY_OTHER", "其他原因", "for another reason"
    # term
    SPRING = "SPRING", "春季学期", "spring term"
    AUTUMN = "AUTUMN", "秋季学期", "autumn term"
    # scheme and decision of SocialProtection
    SUBSISTENCE = "SUBSISTENCE", "最低生活保障", "subsistence allowance"
    EXTREME_POVERTY = "EXTREME_POVERTY", "特困供养", "extreme poverty support"
    MARGINAL_FAMILY = "MARGINAL_FAMILY", "最低生活保障边缘家庭", "subsistence-marginal family"
    RIGID_EXPENDITURE = "RIGID_EXPENDITURE", "刚性支出困难家庭", "rigid-expenditure family"
    GRANTED = "GRANTED", "批准", "granted"
    REFUSED = "REFUSED", "不予批准", "refused"
    ENDED = "ENDED", "停发", "ended"
    # children, allowances
    ORPHAN = "ORPHAN", "孤儿", "orphan"
    UNATTENDED = "UNATTENDED", "事实无人抚养儿童", "child without de facto care"
    LIVING_ALLOWANCE = "LIVING_ALLOWANCE", "困难残疾人生活补贴", "living allowance"
    NURSING_ALLOWANCE = "NURSING_ALLOWANCE", "重度残疾人护理补贴", "nursing allowance"
    # course of a job, a loan, a renovation, a post
    STARTED = "STARTED", "开始", "started"
    FINISHED = "FINISHED", "完成", "finished"
    ISSUED = "ISSUED", "发放", "issued"
    OVERDUE = "OVERDUE", "逾期", "overdue"
    REPAID = "REPAID", "还清", "repaid"
    OPENED = "OPENED", "受理", "opened"
    CLOSED = "CLOSED", "办结", "closed"
    # grade of a house, whether it is lived in, damage
    GRADE_A = "GRADE_A", "A级", "grade A"
    GRADE_B = "GRADE_B", "B级", "grade B"
    GRADE_C = "GRADE_C", "C级", "grade C"
    GRADE_D = "GRADE_D", "D级", "grade D"
    LIVED_IN = "LIVED_IN", "有人居住", "lived in"
    NOT_LIVED_IN = "NOT_LIVED_IN", "无人居住", "not lived in"
    DAMAGE_LIGHT = "DAMAGE_LIGHT", "一般损坏", "light damage"
    DAMAGE_SEVERE = "DAMAGE_SEVERE", "严重损坏", "severe damage"
    COLLAPSED = "COLLAPSED", "倒塌", "collapsed"
    # insurance and who pays
    INSURED_RESIDENT = "INSURED_RESIDENT", "居民医保在保", "insured as resident"
    INSURED_EMPLOYEE = "INSURED_EMPLOYEE", "职工医保在保", "insured as employee"
    UNINSURED = "UNINSURED", "未参保", "uninsured"
    PAID_BY_GOVERNMENT = "PAID_BY_GOVERNMENT", "政府代缴", "paid by the government"
    PAID_BY_PERSON = "PAID_BY_PERSON", "个人缴费", "paid by the person"
    # disability
    LEVEL_1 = "LEVEL_1", "一级", "level 1"
    LEVEL_2 = "LEVEL_2", "二级", "level 2"
    LEVEL_3 = "LEVEL_3", "三级", "level 3"
    LEVEL_4 = "LEVEL_4", "四级", "level 4"
    NEW_CARD = "NEW_CARD", "新发证", "new card"
    LEVEL_CHANGED = "LEVEL_CHANGED", "等级变更", "level changed"
    CARD_ENDED = "CARD_ENDED", "注销", "card ended"
    # disasters and accidents
    FLOOD = "FLOOD", "洪涝", "flood"
    GEOLOGICAL = "GEOLOGICAL", "地质灾害", "geological"
    DROUGHT = "DROUGHT", "旱灾", "drought"
    BIOLOGICAL = "BIOLOGICAL", "生物灾害", "biological"
    METEOROLOGICAL = "METEOROLOGICAL", "气象灾害", "meteorological"
    EARTHQUAKE = "EARTHQUAKE", "地震", "earthquake"
    OTHER_DISASTER = "OTHER_DISASTER", "其他灾害", "another disaster"
    HOUSE_LOST = "HOUSE_LOST", "房屋受损", "house damaged"
    CROP_LOST = "CROP_LOST", "农作物受损", "crop damaged"
    NOTHING_LOST = "NOTHING_LOST", "无房屋和农作物受损", "neither house nor crop damaged"
    DIED = "DIED", "死亡", "died"
    DISABLED = "DISABLED", "致残", "disabled"
    INJURED = "INJURED", "受伤", "injured"
    ILLNESS_CLAIM = "ILLNESS_CLAIM", "因病理赔", "claim for illness"
    ACCIDENT_CLAIM = "ACCIDENT_CLAIM", "意外理赔", "claim for an accident"
    # household register
    BORN = "BORN", "出生登记", "birth registered"
    CANCELLED = "CANCELLED", "户口注销", "registration cancelled"
    SPLIT = "SPLIT", "分户", "household split"
    MOVED_IN = "MOVED_IN", "迁入", "moved in"
    MOVED_OUT = "MOVED_OUT", "迁出", "moved out"


class RetractionReason(Code):
    """Why a department takes a record back."""

    ENTERED_IN_ERROR = "ENTERED_IN_ERROR", "录入错误", "entered in error"
    WRONG_PERSON = "WRONG_PERSON", "人员错误", "wrong person"
    DUPLICATE = "DUPLICATE", "重复", "duplicate"
    ANNULLED = "ANNULLED", "业务已撤销", "the transaction was annulled"


class Unmatched(Code):
    """Why a fact waits."""

    NO_SUCH_PERSON = "NO_SUCH_PERSON", "登记册中无此人", "nobody on the register"
    RESTRICTED = "RESTRICTED", "该人信息限制处理", "processing of the person's data is restricted"


class MatchOutcome(Code):
    """How the waiting of a fact ended."""

    MATCHED = "MATCHED", "已对应到人", "matched with a person"
    SUPERSEDED = "SUPERSEDED", "已被更正版本取代", "superseded by a correction"
    RETRACTED = "RETRACTED", "已被部门撤回", "retracted by the department"
    ERASED = "ERASED", "该人信息已删除", "the person's data was erased"
