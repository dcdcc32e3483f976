"""Who asks in the demo, from where, and what the desk has done about it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Card:
    """One lead. ``hours``: asked so long ago; ``pace``: hours between steps; ``follow_up``: days from today.

    A step is "mine", or "note", "called", "no_answer", "call_back", "mail", "closed" or "converted" with its words.
    """

    name: str
    phone: str
    exam: str
    rank: int | None
    category: str
    state: str
    source: str
    hours: float
    message: str
    steps: tuple[str, ...] = ()
    follow_up: int | None = None
    campaign: str = ""
    pace: float = 3.0
    key: str = ""

    @property
    def email(self) -> str:
        """An address made of the name."""
        return f"{self.name.lower().replace(' ', '.')}@mail.test"


WB, MH, DL, UP, KA, BR, RJ, TN = (
    "West Bengal", "Maharashtra", "Delhi", "Uttar Pradesh", "Karnataka", "Bihar", "Rajasthan", "Tamil Nadu",
)  # fmt: skip
REEL, SEARCH, FAIR = "reel-choice-filling", "josaa-2026", "south-point-seminar"

CARDS = (
    Card("Sana Parveen", "+919007055218", "neet", 48210, "OBC-NCL", WB, "instagram", 0.6,
         "Score 561. Is a government seat in West Bengal realistic, or should I look at private ones?", campaign=REEL),
    Card("Vikram Choudhary", "+919414077120", "jee-main", 21877, "General", RJ, "google", 1.4,
         "98.1 percentile in session 1. Which NITs for electronics?", campaign=SEARCH),
    Card("Lavanya Hegde", "+919880144207", "neet", 73115, "General", KA, "google", 2.7,
         "Is the Karnataka state quota open to me if I did class 12 in Goa?", campaign=SEARCH),
    Card("Omkar Jadhav", "+919822310458", "jee-main", 64502, "OBC-NCL", MH, "whatsapp", 4.2,
         "Fees of the complete plan?"),
    Card("Ritika Bose", "+919836021177", "wbjee", 3412, "General", WB, "school", 6.5,
         "Our school counsellor gave me your leaflet. Jadavpur or Calcutta for computer science?", campaign=FAIR),
    Card("Deepa Nair", "+919847255310", "neet", None, "General", "Kerala", "website", 9.1, ""),
    Card("Mohit Agarwal", "+919335012840", "jee-advanced", 11870, "General", UP, "google", 12.4,
         "Rank 11,870 in Advanced. Old IIT, lower branch, or new IIT, better branch?", campaign=SEARCH),
    Card("Farhan Qureshi", "+919819450072", "jee-main", 90411, "EWS", MH, "instagram", 15.8,
         "My EWS certificate is from last year. Do I need a new one?", ("mine",), campaign=REEL),
    Card("Ishita Banerjee", "+919830277845", "wbjee", 812, "General", WB, "school", 18.3,
         "TFW seat: what papers does my father have to bring?", ("mine",), 0, campaign=FAIR),
    Card("Gaurav Kumar", "+919934418026", "jee-main", 132045, "SC", BR, "google", 21.6,
         "What can I get with this rank in the home state quota?", campaign=SEARCH),
    Card("Ankit Yadav", "+919415603318", "neet", 210340, "OBC-NCL", UP, "whatsapp", 27.5,
         "Please call after 6 PM, I am at coaching before."),
    Card("Sowmya Raghavan", "+919840126634", "neet", 15520, "General", TN, "google", 31.0,
         "AIIMS Madurai or a state college in Chennai?", ("mine", "no_answer: Rang twice"), 0, campaign=SEARCH),
    Card("Tejas Kulkarni", "+919850077341", "jee-main", 45120, "General", MH, "instagram", 35.2,
         "Do you also help with COEP and VJTI?", campaign=REEL),
    Card("Priya Saxena", "+919582210943", "jee-main", 28760, "General", DL, "google", 44.0,
         "DTU or NSUT with 28,760?", ("mine", "called: Wants both compared by placements; call on Saturday"), 2,
         SEARCH),
    Card("Subham Mahato", "+917001490825", "wbjee", None, "SC", WB, "whatsapp", 52.0,
         "Result is not out yet. Can I book already?",
         ("mine", "mail: You can: the sessions begin when you have your rank."), 3),
    Card("Aishwarya Pillai", "+919847031164", "neet", 38900, "General", "Kerala", "google", 58.0,
         "Score 604. Deemed universities: are the fees worth it?",
         ("mine", "called: Sends the family's budget by mail"), 1),
    Card("Nikita Deshmukh", "+919766120539", "neet", 56210, "SC", MH, "instagram", 63.0,
         "Which round should I wait for?", ("mine", "call_back: In class, asks for a call in the evening"), -1, REEL),
    Card("Rakesh Iyer", "+919940018273", "jee-main", 34980, "General", TN, "google", 70.0,
         "94.2 percentile. Is spot round worth waiting for?", ("mine", "called: Father decides, call again"), -1,
         SEARCH),
    Card("Gurleen Kaur", "+919814066013", "jee-main", 51234, "General", "Punjab", "google", 78.0,
         "Thapar or a newer NIT?", ("mine", "called: Leaning to Thapar", "note: Her brother was our student in 2024"),
         2),
    Card("Priyanka Dutta", "+919831140276", "wbjee", 1204, "General", WB, "instagram", 86.0,
         "Rank 1204, is Jadavpur IT possible? Can my TFW be used in JU?",
         ("mine", "called: Mother picked up, wants TFW papers explained; call after 6 PM"), -2, "reel-tfw"),
    Card("Harshad Solanki", "+919825340177", "jee-main", 77120, "OBC-NCL", "Gujarat", "school", 95.0,
         "Seminar in Vadodara: you said there is a plan for one session only?",
         ("mine", "mail: There is: a choice list check."), 4),
    Card("Meenakshi Pathak", "+919425011862", "neet", 92340, "General", "Madhya Pradesh", "google", 104.0,
         "BDS in a government college or MBBS in a private one?", ("mine", "no_answer", "called: Undecided"), 0,
         SEARCH),
    Card("Aritra Sen", "+919830455129", "jee-main", 61230, "General", WB, "google", 118.0,
         "Is home state quota of NIT Durgapur safe for me?",
         ("mine", "called: Yes for civil; wants computer science"), 5),
    Card("Nandini Verma", "+919936127740", "neet", 134500, "EWS", UP, "whatsapp", 127.0,
         "My number for WhatsApp is the same.",
         ("mine", "no_answer", "no_answer", "mail: We could not reach you. When is a good time?"), -3),
    Card("Siddharth Menon", "+919895012276", "jee-advanced", 4210, "General", "Kerala", "google", 139.0,
         "IIT Madras or IISc?", ("mine", "called: Talked for half an hour; wants a session with a professor"), 1),
    Card("Zeeshan Ali", "+919700213845", "jee-main", 156000, "General", "Telangana", "instagram", 150.0, "Any hope?",
         ("mine", "called: Will sit the exam again", "closed: Takes a year and tries again"), campaign=REEL),
    Card("Tushar Jain", "+919829044517", "jee-main", 88012, "General", RJ, "google", 168.0,
         "How many sessions are there?", ("mine", "called: Had compared prices", "closed: Joined elsewhere"),
         campaign=SEARCH),
    Card("Ankita Roy", "+919832177406", "wbjee", 9120, "General", WB, "school", 182.0,
         "Private colleges near Siliguri?",
         ("mine", "no_answer", "no_answer", "no_answer", "closed: No answer, four calls"), campaign=FAIR),
    Card("Kunal Bhatia", "+919811342290", "jee-main", 41200, "General", DL, "google", 195.0,
         "Symbiosis or Manipal for computer science?", ("mine", "called: Asks for fees", "note: Sent the comparison"),
         -4),
    Card("Shreya Mishra", "+919437120958", "neet", 27800, "General", "Odisha", "google", 214.0,
         "SCB Cuttack by state quota?",
         ("mine", "called: Very likely; told her so", "closed: Has her seat, no plan needed")),
    Card("Rahul Bisht", "+919412088371", "jee-main", 118450, "General", "Uttarakhand", "whatsapp", 232.0, "Call me",
         ("no_answer", "closed: Wrong number")),
    Card("Pooja Hansda", "+919801266043", "neet", 310220, "ST", "Jharkhand", "school", 251.0,
         "ST certificate is in my mother's name. Is that enough?", ("mine", "called: Explained; she applies anew"), 6,
         FAIR),
    Card("Manish Tiwari", "+919450331872", "jee-main", 203100, "General", UP, "instagram", 275.0, "Price?",
         ("closed: Only wanted the price",), campaign=REEL, pace=30),
    Card("Kavita Rawat", "+919410275563", "neet", 61700, "General", "Uttarakhand", "google", 296.0,
         "Is AFMC a good choice for me?", ("mine", "called: Medical test worries her"), 7),
    Card("Yusuf Pathan", "+919824417703", "jee-main", 73344, "EWS", "Gujarat", "google", 318.0,
         "DA-IICT or NIT Surat?",
         ("mine", "mail: NIT Surat closes below your rank.", "closed: Thanked us, decided for DA-IICT")),
    # The same people again
    Card("Priyanka Dutta", "+919831140276", "wbjee", 1204, "General", WB, "website", 330.0,
         "What does the complete plan cost?", ("mine", "mail: The plan costs ₹4,999.", "closed: Will ask again")),
    Card("Vikram Choudhary", "+919414077120", "jee-main", 21877, "General", RJ, "whatsapp", 49.0,
         "Do you have a branch in Kota?", ("mine", "mail: We are online everywhere."), 1),
    Card("Sana Parvin", "+919007055218", "neet", 48210, "OBC-NCL", WB, "google", 161.0, "Cut-offs of last year?",
         ("mine", "mail: Here is the list.", "closed: Answered"), campaign=SEARCH),
)  # fmt: skip

WON = ("mine", "called: Explained the plan; wants to begin this week", "converted")
CONVERTED = (
    Card("Arnav Gupta", "+919873340016", "jee-main", 19804, "General", DL, "google", 0, "JEE Complete: who counsels?",
         WON, key="arnav", campaign=SEARCH),
    Card("Meher Bano", "+919848122075", "neet", 42110, "General", "Telangana", "instagram", 0,
         "All India and state together?", WON, key="meher", campaign=REEL),
    Card("Priyanka Ghosh", "+919830418827", "wbjee", 2210, "General", WB, "school", 0, "WBJEE rank 2210, what next?",
         WON, key="priyanka", campaign=FAIR),
    Card("Tanvi Joshi", "+919890127744", "jee-main", 33015, "General", MH, "google", 0,
         "Do you help with CAP rounds?", WON, key="tanvi", campaign=SEARCH),
    Card("Debjit Sarkar", "+919832990142", "wbjee", 4505, "SC", WB, "whatsapp", 0, "My rank is 4505 in SC.", WON,
         key="debjit"),
    Card("Kavya Reddy", "+919849071120", "neet", 29900, "OBC-NCL", "Andhra Pradesh", "google", 0,
         "State quota or All India first?", WON, key="kavya", campaign=SEARCH),
    Card("Riya Malhotra", "+919815540093", "jee-main", 58770, "General", "Punjab", "instagram", 0,
         "Which branch at PEC?", WON, key="riya", campaign=REEL),
    Card("Simran Kaur", "+919872012265", "neet", 70120, "General", "Punjab", "google", 0, "Is GMC Patiala possible?",
         WON, key="simran", campaign=SEARCH),
)  # fmt: skip
INVITED = (
    Card("Kabir Sethi", "+919810077342", "jee-main", 47210, "General", DL, "google", 222.0,
         "IIIT Delhi or NIT Kurukshetra?", WON, key="kabir", campaign=SEARCH),
    Card("Zoya Khan", "+919819933410", "jee-main", 68400, "General", MH, "instagram", 80.0,
         "How soon can I talk to somebody?", WON, key="zoya", campaign=REEL),
)  # fmt: skip
