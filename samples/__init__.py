"""Synthetic households in the shape of a department's export, and a loader for them."""
