"""What events mean and how they are told: published words, sentences, the fold of a state.

Pure, except for `vocabulary`, which reads the catalogue.
"""
