"""What the pages say of themselves, in Chinese and English."""

from audit.pages.phrases.household import HOUSEHOLD, PARKED
from audit.pages.phrases.looks import LOOKS
from audit.pages.phrases.oversight import OVERSIGHT
from audit.pages.phrases.site import SITE

__all__ = ["PARKED", "PHRASES"]

PHRASES = {**SITE, **HOUSEHOLD, **LOOKS, **OVERSIGHT}
