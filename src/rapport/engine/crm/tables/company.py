"""The company itself: users, teams, rates and goals; and what scoring and acting left behind."""

from rapport.engine.crm.tables.columns import (
    Change,
    Column,
    Type,
    boolean,
    choice,
    date,
    instant,
    integer,
    json,
    key,
    number,
    text,
)
from rapport.engine.crm.tables.table import Kind, Table

_FIXED = Change.IMMUTABLE
_SUBJECTS = ("contact", "account", "deal")

USERS = Table(
    name="users",
    entity="user",
    grain="a person who works here and owns records",
    kind=Kind.RECORD,
    room="team",
    own_columns=(text("name", "Full name"), text("email", "E-mail address"), key("team_id", "teams", "Team")),
)
TEAMS = Table(
    name="teams",
    entity="team",
    grain="a team",
    kind=Kind.RECORD,
    room="team",
    own_columns=(text("name", "Name"), key("parent_team_id", "teams", "The team it belongs to")),
)
EXCHANGE_RATES = Table(
    name="exchange_rates",
    entity="exchange_rate",
    grain="a rate on a day",
    kind=Kind.FACT,
    room="metrics",
    occurred_at=None,
    own_columns=(
        date("date", "The day"),
        text("currency", "ISO 4217 currency", required=True),
        Column(
            name="per_base",
            type=Type.SCORE,
            description="Units of `currency` for one unit of the base currency",
            required=True,
        ),
    ),
)
GOALS = Table(
    name="goals",
    entity="goal",
    grain="a target for a metric",
    kind=Kind.RECORD,
    room="metrics",
    occurred_at="created_at",
    own_columns=(
        text("metric", "Id of the metric"),
        json("filters", "Which part of it, by dimension"),
        number("target", "The value aimed at"),
        choice("direction", ("at_least", "at_most"), "Which side is good"),
        instant("starts_at", "Start of the period", change=Change.CHANGEABLE),
        instant("due_at", "End of the period", change=Change.CHANGEABLE),
        key("owner_id", "users", "The user responsible"),
    ),
)
SCORE_DEFINITIONS = Table(
    name="score_definitions",
    entity="score_definition",
    grain="a version of a score's definition",
    kind=Kind.RECORD,
    room="scores",
    own_columns=(
        text("name", "Name of the score", change=_FIXED),
        integer("version", "1, 2, ...", change=_FIXED),
        text("document", "The definition, YAML", change=_FIXED),
        instant("published_at", "When it went live"),
        text("by", "Who made it", change=_FIXED),
    ),
)
SCORE_FEEDBACK = Table(
    name="score_feedback",
    entity="score_feedback",
    grain="what a salesperson said of a score",
    kind=Kind.FACT,
    room="scores",
    occurred_at="given_at",
    own_columns=(
        text("score", "Which score"),
        integer("version", "Which version"),
        key("subject_id", None, "About whom"),
        choice("verdict", ("hotter", "colder", "accepted", "rejected"), "What was said"),
        text("reason", "Why"),
        instant("given_at", "When", change=_FIXED),
        text("by", "Who"),
    ),
)
SCORE_VALUES = Table(
    name="score_values",
    entity="score_value",
    grain="a score of a subject",
    kind=Kind.FACT,
    room="scores",
    occurred_at="as_of",
    sort_by=("score", "subject_id", "as_of"),
    own_columns=(
        text("score", "Which score", required=True),
        integer("version", "Which version"),
        choice("subject", _SUBJECTS, "What was scored"),
        key("subject_id", None, "Which one", required=True),
        instant("as_of", "As of when", required=True, change=_FIXED),
        text("run_id", "The run that computed it"),
        Column(name="value", type=Type.SCORE, description="The score; null where it cannot be told"),
        Column(name="low", type=Type.SCORE, description="Lower end of a 90 % interval of the value, where it has one"),
        Column(name="high", type=Type.SCORE, description="Upper end of it"),
        Column(name="fit", type=Type.SCORE, description="Fit subtotal"),
        Column(name="engagement", type=Type.SCORE, description="Engagement subtotal"),
        text("matrix", "Matrix label (A1 .. C3)"),
        text("band", "Band"),
        number("percentile", "Rank percentile in its population run", unit="0..100"),
        text("cause", "What changed it (run, interaction, decay, new version)"),
        json("contributions", "Lines of the explanation, where an action was based on them"),
        text("reason_null", "Why there is no value"),
        instant("computed_at", "When it was computed"),
    ),
)
ACTION_ASSIGNMENTS = Table(
    name="action_assignments",
    entity="action_assignment",
    grain="who was given, or held out from, an action",
    kind=Kind.RECORD,
    room="actions",
    occurred_at="assigned_at",
    own_columns=(
        text("action", "Which action", change=_FIXED),
        choice("subject", _SUBJECTS, "What it is about", change=_FIXED),
        key("subject_id", None, "Which one", change=_FIXED),
        choice("arm", ("treated", "holdout"), "Given or held out", change=_FIXED),
        instant("assigned_at", "When", required=True, change=_FIXED),
        instant("done_at", "When it was done"),
        text("outcome", "What came of it"),
    ),
)
FORECAST_SNAPSHOTS = Table(
    name="forecast_snapshots",
    entity="forecast_snapshot",
    grain="a forecast as it was made",
    kind=Kind.FACT,
    room="metrics",
    occurred_at="made_at",
    own_columns=(
        text("forecast", "Which forecast"),
        integer("version", "Which version"),
        instant("made_at", "When", required=True, change=_FIXED),
        text("period", "For which period"),
        number("value", "Expected"),
        number("lower", "Lower bound"),
        number("upper", "Upper bound"),
        boolean("is_frozen", "Kept for measuring accuracy"),
    ),
)

COMPANY = (
    USERS,
    TEAMS,
    EXCHANGE_RATES,
    GOALS,
    SCORE_DEFINITIONS,
    SCORE_FEEDBACK,
    SCORE_VALUES,
    ACTION_ASSIGNMENTS,
    FORECAST_SNAPSHOTS,
)
