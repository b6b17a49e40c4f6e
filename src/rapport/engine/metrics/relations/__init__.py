"""Relations that several metrics share."""
