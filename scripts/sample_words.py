"""What the sample data is made of: column names, places, names, and what people write back.

All of it is made up. Phone numbers are area codes that exist, with the line numbers 555-0100 to 555-0199 that
are set aside for fiction.
"""

from __future__ import annotations

from dataclasses import dataclass

COLUMNS = [
    *("Customer ID", "First name", "Last name", "Job title", "Company", "Web domain", "E-mail", "Phone"),
    *("LinkedIn", "Language", "Country", "State", "Time zone", "Status", "Last touch", "Last touch by"),
    *("Last activity", "Meeting", "Meeting status", "Lost on", "Lost because", "Quote"),
    *("Left on", "Left because", "Logins 30d", "Lifetime value", "Purchases", "Last purchase"),
    *("Product", "Seats", "Missing feature", "Owner", "Owner e-mail", "Owner phone"),
    *("E-mail consent", "E-mail consent date", "E-mail consent proof"),
    *("Text consent date", "Text consent proof", "Unsubscribed", "Text stop", "Do not contact"),
    *("Ticket open since", "Last discount"),
]
EVENT_COLUMNS = ["Event ID", "Event", "At", "Person", "Text", "Feature"]


@dataclass(frozen=True)
class City:
    """Where somebody works. ``prefix``: E.164 up to the last two digits; "" where we keep no phone."""

    name: str
    country: str
    state: str
    zone: str
    prefix: str = ""


US = (
    City("Chicago", "US", "IL", "America/Chicago", "+131255501"),
    City("New York", "US", "NY", "America/New_York", "+121255501"),
    City("Boston", "US", "MA", "America/New_York", "+161755501"),
    City("Miami", "US", "FL", "America/New_York", "+130555501"),
    City("Austin", "US", "TX", "America/Chicago", "+151255501"),
    City("Denver", "US", "CO", "America/Denver", "+130355501"),
    City("Phoenix", "US", "AZ", "America/Phoenix", "+160255501"),
    City("Seattle", "US", "WA", "America/Los_Angeles", "+120655501"),
    City("San José", "US", "CA", "America/Los_Angeles", "+140855501"),
    City("Las Vegas", "US", "NV", "America/Los_Angeles", "+170255501"),
    City("Hartford", "US", "CT", "America/New_York", "+186055501"),
    City("Nashville", "US", "TN", "America/Chicago", "+161555501"),
)
CANADA = (
    City("Toronto", "CA", "ON", "America/Toronto", "+141655501"),
    City("Montréal", "CA", "QC", "America/Toronto", "+151455501"),
    City("Vancouver", "CA", "BC", "America/Vancouver", "+160455501"),
)
ABROAD = (
    City("London", "GB", "", "Europe/London"),
    City("Köln", "DE", "NW", "Europe/Berlin"),
    City("Sydney", "AU", "NSW", "Australia/Sydney"),
)

FIRST = """
    Ana Ben Carla Dev Elena Femi Grace Hugo Irene Jonas Kim Luis Maya Noah Olga Priya Quinn Rosa Sam Tara Uma
    Victor Wendy Xavier Yara Łukasz Zoë Søren Chloé José Jürgen Nguyễn Anaïs Đorđe Siân Ørjan Þóra
""".split()
LAST = """
    Adams Brown Chen Diaz Evans Foster Garcia Haddad Ito Jensen Khan Lopez Meyer Novak Okafor Patel Quist
    Reyes Silva Tran Usman Vargas Walker Xu Young Zimmer Müller
    Łukaszewski Ortíz O'Neil Brønsted D'Angelo Šimić
""".split()
PLACES = """
    North River Lake Summit Harbor Valley Prairie Cedar Maple Granite Union Pioneer Mesa Bay Elm
""".split()
TRADES = """
    Heating Plumbing Electric Roofing Elevator Cleaning Garden Glass Solar Alarm Lock Paving
""".split()
FORMS = ("Services", "Works", "Group", "Brothers")
TITLES = ("Owner", "Operations manager", "Dispatcher", "Office manager", "Head of service", "Finance", "")
PRODUCTS = ("Larkfield Dispatch", "Larkfield Crew", "Larkfield Billing")
FEATURES = ("offline mode", "route planning", "single sign-on", "accounting sync", "parts inventory")
OWNERS = (
    ("Dana Reyes", "dana@larkfield.example", "+1 312 555 0110"),
    ("Marcus Bell", "marcus@larkfield.example", "+1 312 555 0111"),
    ("Priya Nair", "priya@larkfield.example", "+1 312 555 0112"),
    ("Tom Okada", "tom@larkfield.example", "+1 312 555 0113"),
)

#: what people write back, and how often in a hundred
REPLIES = {
    "Please call me": 16,
    "Thursday works, after lunch.": 14,
    "Can you send me the quote again?": 12,
    "quote": 10,
    "Who is my contact now?": 10,
    "Tell me more about the prices please": 10,
    "Not now, maybe in summer.": 10,
    "STOP": 5,
    "Stop.": 2,
    "not interested": 4,
    "Please unsubscribe me": 3,
    "No thanks. Take me off your list.": 3,
    "Ich bin die ganze Woche unterwegs, gerne nächste Woche.": 1,
}

#: what an import cannot take: dates that are none, amounts that are none, a row without a key
BROKEN: list[dict[str, str]] = [
    {"Lost on": "31.02.2026"},
    {"Left on": "last spring"},
    {"Meeting": "2026-13-45"},
    {"Quote": "about ten"},
    {"Purchases": "many"},
    {"Lifetime value": "#REF!"},
    {"Last activity": "0000-00-00"},
    {"Customer ID": ""},
]
#: addresses nobody can write to
DEAD = ("n/a", "unknown", "jo@", "two@at@example.com", "info.example.com", "-")
