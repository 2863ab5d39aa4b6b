"""Commands of ``rbcl-lite``, one dataclass each: fields are options, docstrings the help."""
