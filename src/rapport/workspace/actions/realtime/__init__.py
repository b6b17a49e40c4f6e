"""Real time: the loop that scores what happens, and what is done where a threshold is crossed."""
