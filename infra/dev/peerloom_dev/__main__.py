"""The command line: python -m peerloom_dev up | down | status."""

import sys

if __name__ == "__main__":
    # Asked before anything else is imported: an older Python would stumble over the code itself.
    if sys.version_info < (3, 11) or sys.platform == "win32":
        sys.exit("peerloom: this needs Python 3.11 or newer, on Linux or macOS.")
    from peerloom_dev.commands import main

    sys.exit(main())
