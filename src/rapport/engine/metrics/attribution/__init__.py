"""Attribution: which campaign gets how much of the credit for a purchase.

`touches` what customers did or got · `paths` those before a purchase, put in order · `models` the models · `shares`
those told by rules · `markov`, `shapley` and `fitted` those fitted to the paths of each period · `last` that of tiles.
"""
