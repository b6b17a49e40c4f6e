"""What will come: won deals, revenue from customers, volumes; each with its intervals and beside the run rate."""
