"""The pipeline forecast: what will be won in a period, from the company's own stage history as known then."""
