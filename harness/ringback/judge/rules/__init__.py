"""Rules by area: pure functions from a case to a verdict."""
