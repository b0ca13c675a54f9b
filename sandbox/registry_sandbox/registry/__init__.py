"""The registry: the store of versions, the service that accepts them, the seeds and the journal."""
