"""A run on top of pytest: what was asked for, what is chosen, where findings go."""
