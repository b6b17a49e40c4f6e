"""The models that share out credit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

HALF_LIFE_DAYS = 7  # setting `attribution_half_life_days`
TIME_DECAY = "time_decay"
LAST_TOUCH = "last_touch"
FITTED = ("markov", "shapley")


@dataclass(frozen=True, kw_only=True)
class Model:
    """Attributes:
    weights: of the rule's key touches (first, lead, deal, last): what each gets.
    rest: what all others share evenly.
    words: how it shares credit, for people.
    source: where it comes from.
    """

    id: str
    name: str
    words: str
    source: str
    weights: Mapping[str, float] = field(default_factory=dict)
    rest: float = 0.0


_HUBSPOT = "HubSpot, Understand attribution reporting"
_MISSING = "a key touch that the path lacks leaves its part to the others"
MODELS: tuple[Model, ...] = (
    Model(id="first_touch", name="first touch", words="all to the first touch", source="Own.", weights={"first": 1.0}),
    Model(
        id=LAST_TOUCH,
        name="last touch",
        words="all to the last touch, also where no campaign brought it about",
        source="Own.",
    ),
    Model(id="linear", name="linear", words="the same to each touch", source="Own.", rest=1.0),
    Model(
        id="position_based",
        name="position-based",
        words="40 % to the first and the last touch each, 20 % to those between; half and half of two",
        source="Snowplow attribution package, position_based.",
        weights={"first": 0.4, "last": 0.4},
        rest=0.2,
    ),
    Model(
        id="u_shaped_lead",
        name="U-shaped with the lead",
        words=f"40 % to the first touch and to the one by which the customer became a lead, 20 % to others; {_MISSING}",
        source=f"{_HUBSPOT} (U-shaped).",
        weights={"first": 0.4, "lead": 0.4},
        rest=0.2,
    ),
    Model(
        id="w_shaped",
        name="W-shaped",
        words=f"30 % to the first touch, that of the lead and that of the deal, 10 % to others; {_MISSING}",
        source=f"{_HUBSPOT} (W-shaped).",
        weights={"first": 0.3, "lead": 0.3, "deal": 0.3},
        rest=0.1,
    ),
    Model(
        id="full_path",
        name="full path",
        words=f"22.5 % to the first touch, that of the lead, of the deal and the last, 10 % to others; {_MISSING}",
        source=f"{_HUBSPOT} (Full path).",
        weights={"first": 0.225, "lead": 0.225, "deal": 0.225, "last": 0.225},
        rest=0.1,
    ),
    Model(
        id=TIME_DECAY,
        name="time decay",
        words="half as much to a touch for each 7 days that it lies further back",
        source="Google Analytics (time decay); half-life: setting `attribution_half_life_days`.",
    ),
    Model(
        id="markov",
        name="Markov chain",
        words="by how much rarer purchases would be if the campaign led nowhere, of all paths of the period",
        source="Anderl et al. 2016, Mapping the customer journey, IJRM 33(3): first order, removal effects.",
    ),
    Model(
        id="shapley",
        name="Shapley value",
        words="by what the campaign adds on average to the share of paths that end in a purchase",
        source="Shapley 1953; Dalessandro et al. 2012. Exact up to 12 campaigns, else 2,000 orders drawn from a seed.",
    ),
)
BY_RULE: tuple[Model, ...] = tuple(model for model in MODELS if model.id not in FITTED)
