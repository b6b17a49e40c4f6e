"""Plain statistics that every room uses: arrays in, figures out. It knows no customer and no table."""
