"""Reading files row by row, whatever their format; never a whole file in memory."""
