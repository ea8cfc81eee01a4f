"""The published language: what surrounds an event, and the events each service publishes."""
