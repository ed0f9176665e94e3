"""What the demo tenant is: people, devices, software, and the two incidents of its story.

What nearly every route needs is imported from here.
"""

from . import dates
from .chance import choose, digest, hashed, hex_digits, letters, uuid
from .data import Row, created, filled, table
from .fleet import DemoDevice
from .story import STORY
from .tenant import DemoTenant
