"""The verifiable log: what proves that nothing is missing and that nothing was changed.

One RFC 6962 tree a topic and partition over the hashes of its events (`tree`, `tiles`), a map of
where each household's records end (`heads`), and a signed statement of both (`note`). What checks
them is `audit.verify`, the file that a supervisor runs.
"""
