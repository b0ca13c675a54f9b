"""The verification of bearer tokens: who calls, and what the client may do."""
