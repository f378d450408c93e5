"""`python -m evornn` is the `evornn` command."""

from evornn.cli import main

if __name__ == "__main__":
    main()
