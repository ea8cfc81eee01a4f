"""What differs between environments."""

from common.settings import Settings


class AuditSettings(Settings):
    """Audit needs nothing beyond what every service needs."""
