"""What the code says, for comparison with what the deployment files say."""

import importlib
import re
from pathlib import Path

from prometheus_client import Metric
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

ROOT = Path(__file__).parents[2]
SERVICES = sorted(path.parent.name for path in (ROOT / "services").glob("*/pyproject.toml"))
INFRASTRUCTURE = {"databases", "provision", "issuer", "kafka", "postgres", "collector"}


def settings_of(service: str) -> type[BaseSettings]:
    """The class of a service's settings."""
    module = importlib.import_module(f"{service}.settings")
    (model,) = {
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, BaseSettings)
        and value.__module__ == module.__name__
    }
    return model


def variables(service: str) -> dict[str, FieldInfo]:
    """The environment variables that a service reads."""
    return {
        (field.validation_alias if isinstance(field.validation_alias, str) else name).upper(): field
        for name, field in settings_of(service).model_fields.items()
    }


def settings(service: str) -> tuple[set[str], set[str]]:
    """Names of the environment variables that a service reads, and of those that it must be given."""
    fields = variables(service)
    return set(fields), {name for name, field in fields.items() if field.is_required()}


def series_of(metric: Metric) -> set[str]:
    """What Prometheus calls the series of one of our metrics."""
    suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}
    return {metric.name + suffix for suffix in suffixes.get(metric.type, ("",))}


def variables_read(module: str) -> set[str]:
    """Names of the environment variables that a module takes from `os.environ` itself."""
    source = (ROOT / "libs/common/src" / (module.replace(".", "/") + ".py")).read_text("utf-8")
    return set(re.findall(r"environ(?:\.get\(|\[)\s*\"([A-Z_]+)\"", source))


def pinned(package: str, file: str) -> str:
    """The version of a package in `requirements/`."""
    text = (ROOT / "requirements" / file).read_text("utf-8")
    found = re.search(rf"^{re.escape(package)}==([^\s;\\]+)", text, re.MULTILINE)
    assert found, f"{package} is not pinned in requirements/{file}"
    return found[1]
