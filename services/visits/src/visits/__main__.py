"""`python -m visits`."""

from visits.main import main

main()
