"""How a command ends.

| Code | Meaning |
| --- | --- |
| 0 | done |
| 1 | failed: the machine, the data or we could not |
| 2 | bad input: what was asked for is wrong; nothing was changed |
| 3 | done, with warnings: some rows were refused, some checks were not passed |
"""

OK, FAILED, BAD_INPUT, WARNINGS = 0, 1, 2, 3
