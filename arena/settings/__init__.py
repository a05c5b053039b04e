"""Settings: `base` reads the environment and serves every way of running; `test` is for pytest."""
