"""Requirements as data: one TOML sheet per area."""
