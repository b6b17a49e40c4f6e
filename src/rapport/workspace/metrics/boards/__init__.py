"""What people make of dashboards: own ones, notes, links for outsiders, mail, exports, and what stands out."""
