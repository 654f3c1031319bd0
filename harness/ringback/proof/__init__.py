"""Proof that the judge can be trusted: who must be caught is, and nobody else."""
