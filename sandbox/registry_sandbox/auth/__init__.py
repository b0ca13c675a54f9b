"""Tokens and certificates: judged as the registry would, and issued for tests."""
