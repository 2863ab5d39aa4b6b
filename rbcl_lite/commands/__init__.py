"""The commands of ``rbcl-lite``, one dataclass each: its fields are the options, their docstrings the help."""
