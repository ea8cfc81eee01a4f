"""How people see it: pages that are complete without script, in Chinese and English."""
