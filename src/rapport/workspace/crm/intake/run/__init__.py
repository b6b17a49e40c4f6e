"""From rows of a file to rows of a table: drafts, references, matches, verdicts."""
