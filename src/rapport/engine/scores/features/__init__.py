"""What is known of a subject as of an instant, as columns that a model can learn from; see `frame.py`."""
