"""What tools are made of. Begin with catalogue.py (the declaration) and listing.py (how a list is read and cut).

What nearly every tool needs is imported from here.
"""

from .answers import Page, columns_of
from .catalogue import tool
from .context import Context
from .counting import COUNT_REQUESTS, GroupBy, counting_or_listing
from .listing import index_after, listing, page_of
from .rows import RowShape
from .scan import Check, Scan, Source, flag_checks, text_checks
