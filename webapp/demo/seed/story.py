"""What the demo's people talk about, ask for and decide. Days are counted from the day of the seeding."""

from __future__ import annotations

from dataclasses import dataclass

from webapp.bookings.rules import SessionStatus

# What a student buys, one after the other, as credits run out.
PLANS = {
    "jee": ("jee-complete", "jee-private-engineering"),
    "neet": ("neet-all-india-state", "neet-deemed-abroad"),
    "wbjee": ("wbjee-focus", "wbjee-josaa-together"),
}
TOPICS = {
    "jee": (
        "First talk: where my percentile leads",
        "CSE at a newer NIT or ECE at an older one?",
        "Choice list, second look",
        "Category and income certificates",
        "IIIT Allahabad or NIT Rourkela",
        "Freeze, float or slide after round 2",
        "Drop year or not",
        "JoSAA documents, my father joins",
        "CSAB: does it help me at all?",
    ),
    "neet": (
        "First talk: state rank and all India rank",
        "AIQ round 1 or wait for the state",
        "Bond and stipend in three states",
        "Domicile papers, mother joins",
        "Deemed seat: can we carry the cost?",
        "Order of my 60 choices",
        "AYUSH as second option",
    ),
    "wbjee": (
        "Jadavpur or a branch I like elsewhere",
        "TFW papers and income certificate",
        "Upgrade or lock after round 1",
        "KGEC, JGEC and the private seats",
        "State seat and JoSAA, which first",
    ),
}
DECLINE_REASON = "I am travelling that afternoon. Please take one of the morning times on Thursday or Friday."
CANCEL_REASON = "School practical moved to the same hour."


NOT_BOOKED_YET = (("kabir", "neet-deemed-abroad", 6),)  # bought so many days ago


@dataclass(frozen=True, slots=True)
class Chapter:
    """One session of the demo student; ``days`` from today, negative is past."""

    days: int
    counsellor: str
    package: str
    status: SessionStatus
    topic: str
    reason: str = ""


ANANYA_BOUGHT = (("one-hour-of-clarity", 96), ("wbjee-focus", 161), ("jee-complete", 40))
ANANYA_ASSIGNED = {"wbjee-focus": "sourav"}
ANANYA_PAST = (
    Chapter(-92, "lakshmi", "one-hour-of-clarity", SessionStatus.COMPLETED, "Where do I begin?"),
    Chapter(-31, "meera", "jee-complete", SessionStatus.COMPLETED, "JEE or WBJEE first?"),
    Chapter(-23, "sourav", "wbjee-focus", SessionStatus.COMPLETED, "Jadavpur or a branch I like elsewhere"),
    Chapter(-17, "kavita", "jee-complete", SessionStatus.DECLINED, "CAP rounds for outsiders", DECLINE_REASON),
    Chapter(-11, "harpreet", "jee-complete", SessionStatus.COMPLETED, "Where 96.8 percentile leads"),
    Chapter(-6, "imran", "jee-complete", SessionStatus.CANCELLED, "Mocks are stuck at 97", CANCEL_REASON),
)


@dataclass(frozen=True, slots=True)
class Wish:
    """A request waiting for an answer: start not before ``hours`` from now, asked ``asked`` hours ago."""

    counsellor: str
    student: str
    hours: float
    asked: float
    topic: str


MEERA_WISHES = (
    Wish("meera", "sneha", 3.75, 21, "CAP round or JoSAA for VJTI? Father wants to decide tonight."),
    Wish("meera", "rahul", 21, 6, "EWS certificate is from last year. Is it still good?"),
    Wish("meera", "prerna", 46, 2.5, "94 percentile: CSE near Lucknow, or ECE at an NIT further away?"),
)
OTHER_WISHES = (
    Wish("kavita", "tanvi", 30, 4, "COEP or NIT Surat for mechanical?"),
    Wish("arvind", "joel", 28, 9, "Goa domicile but I studied in Mumbai. Which state quota?"),
)
ANANYA_WISH = Wish(
    "meera", "ananya", 120, 3, "Mocks are at 96–97 percentile. Which NITs and IIITs are realistic for CSE?"
)
