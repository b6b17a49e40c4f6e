"""Points learned from what happened: a card as criteria, other points for criteria that are there; see README.md."""
