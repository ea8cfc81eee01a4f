"""What follows from the events that identification hears: each a list of intents, set-based."""
