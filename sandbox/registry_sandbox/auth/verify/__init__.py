"""Verifying what a client shows: tokens, their claims, and what they allow."""
