"""Replicas: several processes that answer as one registry, because all apply the entries of one log in its order."""
