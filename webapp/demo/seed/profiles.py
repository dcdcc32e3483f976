"""What the demo's counsellors say about themselves, and the single sessions some of them sell."""

from __future__ import annotations

from dataclasses import dataclass, field

IIT_NIT = "IITs, NITs and IIITs"


@dataclass(frozen=True, slots=True)
class Single:
    """A single session: title, text, minutes and price in paise."""

    title: str
    text: str
    minutes: int
    price: int


@dataclass(frozen=True, slots=True)
class Profile:
    """A counsellor's public profile. ``rating`` and ``reviews`` are what they brought along."""

    key: str
    name: str
    title: str
    exams: tuple[str, ...]
    languages: tuple[str, ...]
    topics: tuple[str, ...]
    short_bio: str
    bio: str
    qualifications: tuple[str, ...]
    experience: int
    guided: int
    location: str
    rating: str
    reviews: int
    rate: int  # paise an hour
    certifications: tuple[str, ...] = ()
    has_login: bool = True
    featured: bool = False
    services: tuple[Single, ...] = field(default=())

    @property
    def email(self) -> str:
        """The address of the profile, and of its login where there is one."""
        if self.key == "meera":
            return "counsellor@demo.test"
        return self.name.removeprefix("Dr. ").lower().replace(" ", ".") + "@demo.test"


PROFILES = (
    Profile(
        key="meera",
        name="Dr. Meera Krishnan",
        title="JEE and JoSAA choice lists",
        exams=("jee",),
        languages=("English", "Hindi", "Tamil"),
        topics=("JoSAA choice list", "CSAB", "Girls’ supernumerary seats", IIT_NIT),
        short_bio="B.Tech IIT Madras, Ph.D. IISc. Eleven years of JoSAA rounds, 1,900 students.",
        bio="I taught electronics for six years before I noticed that my students asked more about choice lists "
        "than about circuits. Since then I have sat through every JoSAA and CSAB round with families.\n\n"
        "We start from what you would enjoy for four years, then put fees, distance, placements and last year’s "
        "closing ranks next to each other. You leave with a list in writing and a reason for each line.",
        qualifications=("B.Tech, IIT Madras", "Ph.D., IISc Bengaluru"),
        certifications=("Certified career counsellor, NCDA",),
        experience=11,
        guided=1900,
        location="Chennai",
        rating="4.9",
        reviews=209,
        rate=240000,
        featured=True,
        services=(
            Single("Choice list check", "Bring your list; we go through it line by line.", 45, 179900),
            Single("Freeze, float or slide", "One decision on a round day, with the numbers.", 30, 119900),
        ),
    ),
    Profile(
        key="sourav",
        name="Sourav Banerjee",
        title="WBJEE and state seats",
        exams=("wbjee", "jee"),
        languages=("Bengali", "English", "Hindi"),
        topics=("WBJEE choice filling", "TFW seats", "Domicile papers", "JoSAA for home state"),
        short_bio="B.E. Jadavpur University. Eight years with families from Cooch Behar to Haldia.",
        bio="State counselling looks simple until the papers are due. I know what the reporting centres ask for, "
        "which colleges fill late, and when a lower branch in Jadavpur is worth more than a higher one elsewhere.\n\n"
        "Sessions in Bengali, English or Hindi. Parents are welcome to join and to ask the uncomfortable questions.",
        qualifications=("B.E., Jadavpur University",),
        experience=8,
        guided=1120,
        location="Kolkata",
        rating="4.9",
        reviews=135,
        rate=180000,
        featured=True,
        services=(Single("Papers check", "Domicile, TFW and income papers, one by one.", 30, 79900),),
    ),
    Profile(
        key="arvind",
        name="Arvind Saxena",
        title="NEET, MCC and Uttar Pradesh",
        exams=("neet",),
        languages=("Hindi", "English"),
        topics=("MCC rounds", "UP state quota", "AYUSH", "Bond and fees"),
        short_bio="M.Sc. AMU. Ten years of MCC and state rounds, with an eye on the fees page.",
        bio="A seat is only good if the family can carry it for five and a half years. I compare fees, bond, stipend "
        "and hostel before we talk about round strategy.\n\nMost of my students come from Uttar Pradesh, Bihar and "
        "Uttarakhand. I explain the state rules in plain Hindi and write everything down.",
        qualifications=("M.Sc. Zoology, Aligarh Muslim University",),
        experience=10,
        guided=1480,
        location="Lucknow",
        rating="4.8",
        reviews=171,
        rate=200000,
        featured=True,
        services=(Single("MCC round plan", "What to fill, what to leave, what to report.", 45, 149900),),
    ),
    Profile(
        key="farhana",
        name="Farhana Siddiqui",
        title="NEET, deemed universities and abroad",
        exams=("neet",),
        languages=("Urdu", "English", "Hindi"),
        topics=("Deemed universities", "Medical study abroad", "Management quota", "AYUSH"),
        short_bio="MBA (Hospital), TISS. Tells you the whole cost, also when it hurts.",
        bio="I worked in admissions of a deemed university for five years, so I know how the brochure is made. "
        "We look at total cost, patient numbers and the licence exam before anybody pays a deposit.",
        qualifications=("MBA Hospital Administration, TISS Mumbai", "B.Sc. Life Sciences, Osmania University"),
        experience=9,
        guided=990,
        location="Hyderabad",
        rating="4.7",
        reviews=93,
        rate=190000,
    ),
    Profile(
        key="harpreet",
        name="Harpreet Gill",
        title="JEE, BITSAT and private seats",
        exams=("jee",),
        languages=("Punjabi", "Hindi", "English"),
        topics=("BITSAT", "VITEEE", "JoSAA choice list", "Private universities"),
        short_bio="B.E. BITS Pilani. Straight answers about branch, campus and money.",
        bio="I was the student who took the branch everybody advised and changed it after a year. Now I help others "
        "decide once.\n\nBITSAT, VITEEE and the better private universities next to JoSAA, with deadlines and "
        "refunds on one page, so that no deposit is lost.",
        qualifications=("B.E., BITS Pilani",),
        experience=6,
        guided=870,
        location="Chandigarh",
        rating="4.8",
        reviews=118,
        rate=170000,
        services=(
            Single("BITSAT or JoSAA", "Both roads, their dates and their costs.", 45, 129900),
            Single("Quick question", "Half an hour for one decision.", 30, 69900),
        ),
    ),
    Profile(
        key="kavita",
        name="Kavita Deshpande",
        title="JEE Main and MHT CET",
        exams=("jee",),
        languages=("Marathi", "Hindi", "English"),
        topics=("CAP rounds", "MHT CET", "JoSAA choice list", "Documents"),
        short_bio="M.Tech COEP Pune. CAP rounds and JoSAA side by side, without panic.",
        bio="Nine years of CAP rounds have taught me that papers lose more seats than ranks do. We begin with your "
        "certificates, then with the list.\n\nFor students from Maharashtra I put VJTI, COEP and the NITs in one "
        "order that still makes sense on the last day.",
        qualifications=("M.Tech, COEP Pune", "B.E., Pune University"),
        experience=9,
        guided=1310,
        location="Pune",
        rating="4.8",
        reviews=106,
        rate=180000,
    ),
    Profile(
        key="imran",
        name="Imran Qureshi",
        title="JEE Advanced and drop-year decisions",
        exams=("jee",),
        languages=("Hindi", "Urdu", "English"),
        topics=("JEE Advanced", "Drop year", IIT_NIT, "Study plan"),
        short_bio="B.Tech IIT Roorkee. Late evenings, honest numbers, no drop year by default.",
        bio="Half of my students ask whether to take another year. I took one myself and would not do it again; "
        "others should. We look at your last twenty mocks and decide on evidence.",
        qualifications=("B.Tech, IIT Roorkee",),
        experience=5,
        guided=640,
        location="Jaipur",
        rating="4.7",
        reviews=81,
        rate=160000,
        services=(Single("Drop year or not", "Twenty mocks, one decision.", 60, 149900),),
    ),
    Profile(
        key="lakshmi",
        name="Lakshmi Narayanan",
        title="IIITs, GFTIs and fees",
        exams=("jee",),
        languages=("Tamil", "English", "Hindi"),
        topics=("IIITs and GFTIs", "Scholarships", "Education loans", "CSAB"),
        short_bio="M.S. IIT Madras. The seats most lists forget, and how to pay for them.",
        bio="There are good seats below the famous names. I keep my own table of IIIT and GFTI placements, and of "
        "scholarships that really pay out.",
        qualifications=("M.S., IIT Madras",),
        experience=7,
        guided=910,
        location="Coimbatore",
        rating="4.6",
        reviews=74,
        rate=150000,
        has_login=False,
    ),
    Profile(
        key="ritu",
        name="Ritu Agarwal",
        title="NEET, Rajasthan and Madhya Pradesh",
        exams=("neet",),
        languages=("Hindi", "English", "Marwari"),
        topics=("State quota", "Reserved categories", "Document check", "Nursing and allied"),
        short_bio="M.Sc. Nursing. Category rules of five states, kept up to date.",
        bio="I sat on the other side of the desk at a reporting centre for three seasons. We check every certificate "
        "against the rule of the state, well before the day it is needed.",
        qualifications=("M.Sc. Nursing, RUHS Jaipur",),
        experience=6,
        guided=720,
        location="Kota",
        rating="4.6",
        reviews=58,
        rate=140000,
        has_login=False,
    ),
    Profile(
        key="anil",
        name="Dr. Anil Thomas",
        title="NRI quota and study in Britain",
        exams=("neet", "jee"),
        languages=("English", "Malayalam"),
        topics=("NRI quota", "Medical study abroad", "Private universities", "Study in Britain"),
        short_bio="MBBS Kottayam, MPH London. For families between two countries.",
        bio="I live in London and counsel families in the Gulf, in Britain and in Kerala. NRI quota, sponsor papers "
        "and the honest alternative of studying where you already live.",
        qualifications=("MBBS, Government Medical College Kottayam", "MPH, London School of Hygiene"),
        experience=8,
        guided=540,
        location="London",
        rating="4.8",
        reviews=44,
        rate=300000,
    ),
)
