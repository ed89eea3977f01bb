"""Teachers for SCANet+, as they were tried."""
