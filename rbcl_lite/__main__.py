"""``python -m rbcl_lite``: the command line."""

from rbcl_lite.commands.cli import main

if __name__ == "__main__":
    main()
