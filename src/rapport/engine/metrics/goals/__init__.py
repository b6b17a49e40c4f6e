"""Goals: how a metric stands against a target, where it may end, and which targets its history suggests.

found = progress([Goal(metric="revenue", target=50_000, direction=Direction.AT_LEAST, span=Period.year(2026))],
                 snapshot, today=today, as_of=now, runner=runner)
"""

from rapport.engine.metrics.goals.course import course
from rapport.engine.metrics.goals.goal import Direction, Goal, Reading
from rapport.engine.metrics.goals.history import History, histories
from rapport.engine.metrics.goals.pace import Pace
from rapport.engine.metrics.goals.progress import Progress, Status, progress, progress_of
from rapport.engine.metrics.goals.projection import Projection
from rapport.engine.metrics.goals.suggestion import Suggestion, rounded, suggestions

__all__ = [
    "Direction",
    "Goal",
    "History",
    "Pace",
    "Progress",
    "Projection",
    "Reading",
    "Status",
    "Suggestion",
    "course",
    "histories",
    "progress",
    "progress_of",
    "rounded",
    "suggestions",
]
