"""Tokens and certificates: issued for tests, and verified as the registry would."""
