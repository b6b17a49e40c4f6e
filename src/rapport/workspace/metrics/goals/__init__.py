"""Goals of the company: kept with an objective and an owner, measured every night, told of when they slip."""
