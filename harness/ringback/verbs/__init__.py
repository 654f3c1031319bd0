"""What each verb of the command line does; all words, no printing but by ``say``."""
