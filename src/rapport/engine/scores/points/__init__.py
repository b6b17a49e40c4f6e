"""Points: groups of criteria, each giving points; see README.md."""
