"""Lead scores of HubSpot, read into definitions of points and written back. See README.md."""

from rapport.engine.scores.points.hubspot.exchanged import Exported, Imported, Note
from rapport.engine.scores.points.hubspot.reading import import_score
from rapport.engine.scores.points.hubspot.writing import export_score

__all__ = ["Exported", "Imported", "Note", "export_score", "import_score"]
