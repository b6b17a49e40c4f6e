"""What is wrong, or not needed, in a definition of points, told from the company's own history. See README.md."""

from rapport.engine.evaluation.lint.finding import CriterionFigures, Finding, LintReport, Severity
from rapport.engine.evaluation.lint.lint import lint

__all__ = ["CriterionFigures", "Finding", "LintReport", "Severity", "lint"]
