"""Reading the cells of a file as values of our columns."""
