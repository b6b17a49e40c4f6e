"""The same installation as other tests in which processes are killed."""

from soundness.kill.conftest import installation

__all__ = ["installation"]
