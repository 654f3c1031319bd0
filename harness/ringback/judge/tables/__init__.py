"""Which rule answers which requirement, sheet by sheet; each module has ``RULES``."""
