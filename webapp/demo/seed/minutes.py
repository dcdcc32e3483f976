"""What counsellors of the demo wrote after a session: for the student, for themselves, and what to do next."""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32


@dataclass(frozen=True, slots=True)
class Minutes:
    """The words of one session's end."""

    shared: str
    private: str
    steps: tuple[str, ...] = ()


BY_TOPIC = {
    "Where do I begin?": Minutes(
        "You are in time for everything. We drew the year on one page: mocks until January, JEE Main in two sessions, "
        "WBJEE in April, JoSAA from June. Nothing has to be decided before February.",
        "Parents want Kolkata, she does not mind leaving. Ask her alone next time.",
        ("Put the five dates of our page into your calendar", "Write down three branches you would study gladly"),
    ),
    "JEE or WBJEE first?": Minutes(
        "Both, in this order: JEE Main decides how many doors are open, WBJEE keeps Jadavpur as the best of them. "
        "Two mocks a week for Main until the January session, one WBJEE paper every second Sunday.\n\n"
        "Your weak chapter is rotation, not mechanics as a whole. Do not start it from zero.",
        "Strong in maths, doubts herself in physics. Father reads the notes, keep them plain.",
        (
            "Two full mocks a week, the same hours as the exam",
            "Solve the rotation sheet, 40 questions",
            "Ask school for the domicile certificate form",
        ),
    ),
    "Jadavpur or a branch I like elsewhere": Minutes(
        "At your expected rank Jadavpur means Instrumentation or Power, not CSE. IIEST or KGEC would give you the "
        "branch. We looked at what the last three batches of both did afterwards; the difference is smaller than "
        "its name. Sleep on it, and do not decide by what neighbours say.",
        "Heart is at Jadavpur. Next time bring the placement table of Instrumentation.",
        (
            "Visit Jadavpur on the open day and speak to two students of Instrumentation",
            "Collect the income certificate for TFW before 20 December",
            "Send me your order of eight branches",
        ),
    ),
    "Where 96.8 percentile leads": Minutes(
        "96.8 is about rank 38,000 in the open list. Realistic in rounds 3 to 5: NIT Durgapur ECE, NIT Patna CSE, "
        "IIIT Kalyani and Bhagalpur CSE. One good session more in April moves you by about ten thousand ranks; that "
        "is worth the effort.",
        "Promised her the sheet of IIIT fees. She asked twice about hostels for girls, have answers ready.",
        (
            "Register for the April session",
            "Mark on the college sheet what you would never take",
            "Three topics to lift: rotation, coordination compounds, probability",
            "Tell me by Sunday whether Patna is far",
        ),
    ),
    "Choice list, second look": Minutes(
        "94 lines are fine, the order of lines 20 to 45 was not. We moved every college you would rather take above "
        "those you would only accept. Lock on the last evening, not before.",
        "Copied the list from a forum. Check lines 1 to 10 again next time.",
        ("Print the list and let one day pass", "Lock the list on the last evening"),
    ),
    "Category and income certificates": Minutes(
        "The EWS certificate must be from this financial year. The tehsil office needs about twelve days; go on "
        "Monday. The caste certificate is fine as it is.",
        "Certificate carries another spelling of the surname.",
        ("Apply for the new EWS certificate on Monday", "Get an affidavit for the spelling of the surname"),
    ),
    "Freeze, float or slide after round 2": Minutes(
        "Float. Your seat stays safe until something better on your list comes, and three lines above it closed "
        "within 400 ranks of yours last year.",
        "Afraid of losing the seat. Explained twice, seemed calm at the end.",
        ("Choose float and pay the seat fee by Thursday 5 PM", "Keep the scanned papers in one folder"),
    ),
    "Drop year or not": Minutes(
        "Not this year. Your mocks rose by eleven marks in four months and then stood still for three; another year "
        "of the same would not move them. NIT Raipur mechanical with a minor in CS is a good road.",
        "Father wants the drop, he does not. Offer a talk with both.",
        ("Read the minor's rules of two NITs", "Talk it over at home and write me the outcome"),
    ),
    "Deemed seat: can we carry the cost?": Minutes(
        "All in, the deemed seat costs ₹1.12 crore with hostel and exam fees. The state's second round is worth the "
        "wait: your rank was inside it in both of the last two years.",
        "They would sell land for it. Be very plain about the risk.",
        ("Ask the bank for the loan letter anyway", "Do not pay any deposit before the second round"),
    ),
    "Bond and stipend in three states": Minutes(
        "West Bengal: three years or ₹30 lakh. Maharashtra: one year or ₹10 lakh. Goa: none. Stipends in the table "
        "that I sent. For you the bond matters less than being near home.",
        "Send the table with sources.",
        ("Read the bond text of West Bengal with your parents",),
    ),
    "AIQ round 1 or wait for the state": Minutes(
        "Take part in both. A seat of AIQ round 1 can be given back without loss until round 2; a state seat in "
        "round 1 is unlikely at your rank and likely in round 2.",
        "Rank 41,200. Watch the state merit list on Friday.",
        ("Register for the state before Friday", "Fill the AIQ list with 40 colleges, not 15"),
    ),
}
GENERAL = (
    Minutes(
        "We went through your list line by line. The order is right now; the two colleges at the end are there for a "
        "calm night and nothing else.",
        "Well prepared. Next time speak about branches.",
        ("Send me the list once it is locked", "Scan every certificate in colour, under 200 KB"),
    ),
    Minutes(
        "The dates that matter to you stand below. Miss none of them, and do the certificates first: they take "
        "longest and nobody can hurry them.",
        "A bit lost between portals. Short steps work best.",
        ("Apply for the certificates this week", "Note the three dates in your calendar"),
    ),
    Minutes(
        "Two colleges fit equally well; we compared fees, travel and what the last batch did. You lean to the nearer "
        "one, and nothing we found speaks against it.",
        "Mother joined for the last ten minutes.",
        ("Sleep over it until Sunday", "Ask the hostel office for the fee sheet"),
    ),
)


def minutes_of(topic: str) -> Minutes:
    """Return what was written after a session about ``topic``."""
    return BY_TOPIC.get(topic) or GENERAL[crc32(topic.encode()) % len(GENERAL)]
