"""How audit is asked over HTTP by programs."""
