"""The verifiable log: it proves that nothing is missing and that nothing was changed.

For each topic and partition, an RFC 6962 tree over the hashes of its events (`tree`, `tiles`); a map of
where each household's records end (`heads`); and a signed statement of both (`note`). `audit.verify`, the
file that a supervisor runs, checks them.
"""
