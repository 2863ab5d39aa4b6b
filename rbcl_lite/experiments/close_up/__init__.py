"""What single chapters look at closely: heads, gaps, references, a globe, chance."""
