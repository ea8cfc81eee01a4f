"""How identification is asked over HTTP: households, department events, episodes."""
