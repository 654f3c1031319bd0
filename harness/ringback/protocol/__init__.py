"""State machines: facts in, wishes out; no sockets, clocks, logs or randomness."""
