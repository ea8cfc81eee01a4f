"""What visits reads from its environment beside the common settings."""

from pathlib import Path

from common.settings import Settings


class VisitsSettings(Settings):
    """The policy file is the same one for every service; each takes its own parameters."""

    policy_file: Path = Path("policies/heping-2024.toml")
