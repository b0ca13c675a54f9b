"""The exam: scenarios that put a client to the test, each with a task, faults, and the end that it must come to."""
