"""Many runs compared fairly: the five settings, the sweep over weights, the tables."""
