"""What identification reads from its environment beside the common settings."""

from pathlib import Path

from common.settings import Settings


class IdentificationSettings(Settings):
    """Keys are 32 bytes in base64 each; they are not kept with the database.

    `vault_keys_also` opens what was sealed with other keys, with a space between; nothing is sealed with
    them (`identification.reseal`).
    """

    vault_key: str
    vault_keys_also: str = ""
    blind_index_key: str
    policy_file: Path = Path("policies/heping-2024.toml")
