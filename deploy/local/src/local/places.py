"""Where things are. Standard library only: this is read before the virtual environment exists."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
LOCAL = ROOT / ".local"  # everything that `make` makes; `make clean` removes it
VENV = LOCAL / "venv"
SETUP_LOG = LOCAL / "logs" / "setup.log"
# Data, passwords and logs of what runs. A second system can run beside the first from another place.
STATE = Path(os.environ.get("SHOUWANG_STATE") or LOCAL).absolute()
ENDPOINTS = STATE / "endpoints.json"
KAFKA_PROJECT = ROOT / "deploy" / "local" / "kafka"
KAFKA_JARS = LOCAL / "kafka-jars"
