"""What the pages say of themselves, in Chinese and English."""

from audit.phrases.household import HOUSEHOLD, PARKED
from audit.phrases.looks import LOOKS
from audit.phrases.oversight import OVERSIGHT
from audit.phrases.site import SITE

__all__ = ["PARKED", "PHRASES"]

PHRASES = {**SITE, **HOUSEHOLD, **LOOKS, **OVERSIGHT}
