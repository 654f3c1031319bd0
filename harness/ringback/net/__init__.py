"""The only I/O: the memory network, real sockets, TLS, the recorder."""
