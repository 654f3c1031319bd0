"""Reference roles that are wrong, or odd, on purpose."""
