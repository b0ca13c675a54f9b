"""The test kit: a sandbox in a thread or elsewhere, steered from tests; builders of appointments; the pytest plugin."""
