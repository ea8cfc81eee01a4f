"""What identification reads from its environment beside the common settings."""

from pathlib import Path

from common.settings import Settings


class IdentificationSettings(Settings):
    """Keys are 32 bytes in base64 each; they are not kept with the database."""

    vault_key: str
    blind_index_key: str
    policy_file: Path = Path("policies/heping-2024.toml")
