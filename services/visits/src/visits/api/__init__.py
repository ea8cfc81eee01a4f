"""How visits is asked over HTTP: what was visited, what is due."""
