"""Mechanism without business: it could be taken out of this project and used in another."""
