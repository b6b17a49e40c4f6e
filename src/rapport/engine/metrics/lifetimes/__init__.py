"""What customers did and are expected to do, at the end of each period asked for: read once, told for each end."""
