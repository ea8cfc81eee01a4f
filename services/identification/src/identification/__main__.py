"""`python -m identification`."""

from identification.main import main

main()
