"""The command line: a module for each subcommand, and what they share."""
