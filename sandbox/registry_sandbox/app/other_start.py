"""Why a replica may not join."""


class OtherStart(Exception):
    """The replicas of the store were started with other settings; the message names each, with both values."""
