"""Household identification (户情识别): who may be falling back, decided by people."""
