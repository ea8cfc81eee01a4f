"""Visits (走访): who was visited, who is due for a visit, and which visit answered it."""
