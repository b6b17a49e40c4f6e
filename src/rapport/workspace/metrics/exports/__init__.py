"""What BI tools read: the tables they get, as PostgreSQL views or as Parquet files."""
