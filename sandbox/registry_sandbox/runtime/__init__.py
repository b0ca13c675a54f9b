"""Time and chance: the clock and the random streams, injected everywhere."""
