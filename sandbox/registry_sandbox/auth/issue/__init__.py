"""Issuing tokens for tests, good ones and malformed ones."""
