"""Verdicts: pure functions of evidence."""
