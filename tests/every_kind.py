"""One ready-made definition of each kind of score, and a simulated company on which all of them say something."""

from __future__ import annotations

from crm_rows import at
from rapport.engine.crm.simulation import Simulation
from rapport.engine.scores.definition import ScoreDefinition, parse_definition
from rapport.workspace.scores.templates import templates

NOW = at(2024, 6, 1)
COMPANY = Simulation(contacts=300, interactions=4_000, seed=3, end=NOW)
TEMPLATES = {
    "points": "b2b-software-readiness",
    "rfm": "retail-rfm",
    "lifetime": "bank-lifetime",
    "churn": "b2b-software-churn",
    "conversion": "b2b-software-chance",
    "next_purchase": "b2b-software-upgrade",
    "satisfaction": "b2b-software-health",
    "accounts": "b2b-software-account-engagement",
    "combined": "large-enterprise-where-to-go",
}


def definition_of(kind: str) -> ScoreDefinition:
    return parse_definition(templates()[TEMPLATES[kind]].document)
