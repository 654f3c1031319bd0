"""What was seen on the wire: captures, reassembly, decryption, frames."""
