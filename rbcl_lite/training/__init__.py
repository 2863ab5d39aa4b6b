"""The loop over (learner, method), and what it is made of."""
