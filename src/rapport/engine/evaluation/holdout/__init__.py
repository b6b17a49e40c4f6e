"""Whether acting pays: what those who were given an action did, against those held out from it at random."""
