"""What peers wish to fetch and keep: the mailbox and the audio in it."""
