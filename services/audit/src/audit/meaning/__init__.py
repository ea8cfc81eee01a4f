"""What events mean and how they are told: published words, sentences, the fold of a state. Pure, but for
`vocabulary`, which hears the catalogue.
"""
