"""python -m iru_mcp."""

import sys

from .cli import main

sys.exit(main())
