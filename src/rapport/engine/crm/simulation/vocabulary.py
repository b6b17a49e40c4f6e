"""The words of the simulated company. Invented names; addresses end in the reserved `.example`."""

from __future__ import annotations

INDUSTRIES = ("software", "finance", "retail", "manufacturing", "health", "education", "public")
INDUSTRY_SHARES = (0.24, 0.14, 0.16, 0.2, 0.11, 0.08, 0.07)
SENIORITIES = ("c_level", "vp", "director", "manager", "staff")
SENIORITY_SHARES = (0.06, 0.09, 0.17, 0.3, 0.38)
LEAD_SOURCES = ("referral", "event", "web", "campaign", "outbound")
LEAD_SOURCE_SHARES = (0.09, 0.11, 0.38, 0.27, 0.15)

TITLES = {
    "c_level": ("Chief Executive", "Chief Financial Officer", "Chief Technology Officer"),
    "vp": ("VP Sales", "VP Engineering", "VP Operations"),
    "director": ("Director of Sales", "Head of IT", "Director of Operations"),
    "manager": ("Sales Manager", "IT Manager", "Operations Manager"),
    "staff": ("Analyst", "Engineer", "Consultant"),
}
COUNTRIES = ("DE", "FR", "NL", "SE", "GB", "US")
COUNTRY_SHARES = (0.28, 0.16, 0.12, 0.12, 0.17, 0.15)
CITIES = {"DE": "Hamburg", "FR": "Lyon", "NL": "Utrecht", "SE": "Uppsala", "GB": "Leeds", "US": "Denver"}
LANGUAGES = {"DE": "de", "FR": "fr", "NL": "nl", "SE": "sv", "GB": "en", "US": "en"}

FIRST_NAMES = (
    "Ada", "Adam", "Alma", "Anton", "Bea", "Boris", "Cara", "Cem", "Dana", "David", "Edda", "Elias", "Emma", "Erik",
    "Fay", "Finn", "Greta", "Hugo", "Ida", "Ivan", "Jana", "Jonas", "Kaja", "Karl", "Lea", "Leo", "Mara", "Max",
    "Nina", "Noah", "Olga", "Oskar", "Paula", "Piet", "Rosa", "Ruben", "Sara", "Sven", "Tara", "Tim",
)  # fmt: skip
LAST_STEMS = ("Berg", "Lind", "Stein", "Wald", "Holm", "Feld", "Nor", "Dal", "Kirk", "Ost", "West", "Sund")
LAST_ENDINGS = ("er", "mann", "son", "gren", "strom", "en", "ert", "hal", "ley", "wick")
COMPANY_STEMS = (
    "Alda", "Brenn", "Corva", "Delt", "Elmar", "Fjord", "Gravi", "Helio", "Indra", "Jova", "Kestrel", "Lumen",
    "Merid", "Nexa", "Orbit", "Pelagi", "Quill", "Ravel", "Solari", "Tessel", "Umbra", "Vanto", "Wexford", "Zephyr",
)  # fmt: skip
COMPANY_ENDINGS = (" Systems", " Group", " Partners", " Works", " Labs", " Logistics", " Bank", " Stores", " Clinics")

PLANS = ("Basic", "Team", "Business", "Enterprise")
SEAT_PRICE = (9, 19, 35, 55)  # a month, in whole units of the currency
STAGES = ("Discovery", "Evaluation", "Proposal", "Negotiation")
STAGE_PROBABILITY = {
    "Discovery": 0.15, "Evaluation": 0.35, "Proposal": 0.55, "Negotiation": 0.75, "Won": 1.0, "Lost": 0.0,
}  # fmt: skip
LOST_REASONS = ("price", "no budget", "competitor", "no decision", "missing feature")
COMPETITORS = ("Competitor A", "Competitor B", "Competitor C")

PAGES = ("/", "/product", "/pricing", "/blog/planning", "/blog/forecasting", "/customers", "/docs", "/demo", "/about")
PAGE_SHARES = (0.22, 0.19, 0.08, 0.15, 0.1, 0.08, 0.11, 0.04, 0.03)
WARM_PAGE_SHARES = (0.1, 0.18, 0.28, 0.04, 0.03, 0.12, 0.12, 0.12, 0.01)
FORMS = ("newsletter", "ebook", "webinar", "contact", "demo")
TOPICS = ("login", "billing", "import", "report", "integration", "performance")
