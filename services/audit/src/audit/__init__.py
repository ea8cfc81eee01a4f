"""The timeline of every household, rebuilt from the log alone. Knows envelopes, no payload type."""
