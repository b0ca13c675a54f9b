"""The issuing of tokens for tests, good ones and malformed ones."""
