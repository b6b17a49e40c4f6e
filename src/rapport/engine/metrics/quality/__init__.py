"""How good the records are: the rules, and what they find."""
