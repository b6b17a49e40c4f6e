"""Groups of alike rows: scaled robustly, their number chosen by what survives resampling, frozen as centroids."""
