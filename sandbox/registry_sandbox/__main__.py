"""The command `registry-sandbox`, also as `python -m registry_sandbox`."""

import sys

from registry_sandbox.cli.command import main

if __name__ == "__main__":
    sys.exit(main())
