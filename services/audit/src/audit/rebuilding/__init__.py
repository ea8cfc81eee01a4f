"""The timeline made anew from Kafka alone, beside the one that serves (`audit.rebuild`)."""
