"""Who may look, what of a household they see, and the record of every look."""
