"""`python -m <package>.cli`, for machines where the command `mlops` is not on the path."""

from . import main

main()
