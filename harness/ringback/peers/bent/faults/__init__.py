"""One broken rule each; every module here has ``FAULTS``."""
