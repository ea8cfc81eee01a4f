"""`kustomize build` for the part of kustomize that this project uses; anything else is refused.

So that the manifests can be checked where no such program is. Paths in `fieldPaths` may hold
`name`, an index, `*` and `[key=value]`; patches are JSON 6902 with `add` and `replace`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

Resource = dict[str, Any]
Identity = tuple[str, str, str]

UNDERSTOOD = {
    "apiVersion", "kind", "resources", "components", "configMapGenerator", "replacements",
    "namespace", "labels", "images", "patches",
}  # fmt: skip


class Unbuildable(Exception):
    """The kustomization holds a mistake, or something that this builder does not understand."""


def identity(resource: Resource) -> Identity:
    """apiVersion, kind and name; all that is here lives in one namespace."""
    return resource["apiVersion"], resource["kind"], resource["metadata"]["name"]


def build(folder: Path) -> list[Resource]:
    """The resources of a kustomization, as they would be applied. Raises `Unbuildable`."""
    return _accumulate(folder, [])


def _accumulate(folder: Path, given: list[Resource]) -> list[Resource]:
    layer = yaml.safe_load((folder / "kustomization.yaml").read_text("utf-8"))
    if unknown := set(layer) - UNDERSTOOD:
        raise Unbuildable(f"{folder}: not understood: {sorted(unknown)}")
    found = list(given)
    for entry in layer.get("resources", []):
        path = folder / entry
        found += build(path) if path.is_dir() else list(_documents(path))
    for entry in layer.get("components", []):
        found = _accumulate(folder / entry, found)
    found += [_generated(folder, entry) for entry in layer.get("configMapGenerator", [])]
    for entry in layer.get("patches", []):
        _patch(found, entry, yaml.safe_load((folder / entry["path"]).read_text("utf-8")))
    for resource in found:
        _namespace(resource, layer.get("namespace"))
        _label(resource, layer.get("labels", []))
        _images(resource, layer.get("images", []))
    for entry in layer.get("replacements", []):
        _replace(found, entry)
    names = [identity(resource) for resource in found]
    if twice := {name for name in names if names.count(name) > 1}:
        raise Unbuildable(f"{folder}: twice: {sorted(twice)}")
    return found


def _documents(path: Path) -> Iterator[Resource]:
    yield from (document for document in yaml.safe_load_all(path.read_text("utf-8")) if document)


def _generated(folder: Path, entry: dict[str, Any]) -> Resource:
    options = entry["options"]
    if not options.get("disableNameSuffixHash"):
        raise Unbuildable(f"{folder}: {entry['name']}: names with a hash are not understood")
    files = dict(item.split("=", 1) for item in entry["files"])
    data = {key: (folder / path).read_text("utf-8") for key, path in files.items()}
    metadata = {"name": entry["name"], "labels": options.get("labels", {})}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def _namespace(resource: Resource, namespace: str | None) -> None:
    if namespace and resource["kind"] != "Namespace":
        resource["metadata"]["namespace"] = namespace


def _label(resource: Resource, entries: list[dict[str, Any]]) -> None:
    for entry in entries:
        resource["metadata"].setdefault("labels", {}).update(entry["pairs"])
        if entry.get("includeTemplates") and resource["kind"] == "Deployment":
            resource["spec"]["template"]["metadata"]["labels"].update(entry["pairs"])


def containers(resource: Resource) -> list[dict[str, Any]]:
    """Every container of a Deployment, those that prepare first; none of anything else."""
    if resource["kind"] != "Deployment":
        return []
    pod = resource["spec"]["template"]["spec"]
    return [*pod.get("initContainers", []), *pod["containers"]]


def _images(resource: Resource, entries: list[dict[str, str]]) -> None:
    for container in containers(resource):
        for entry in entries:
            if container["image"].partition(":")[0] == entry["name"]:
                container["image"] = f"{entry['newName']}:{entry['newTag']}"
                break


def _selected(resource: Resource, select: dict[str, str]) -> bool:
    found = {"kind": resource["kind"], "name": resource["metadata"]["name"]}
    return select.items() <= found.items()


def _patch(
    resources: list[Resource], entry: dict[str, Any], operations: list[dict[str, Any]]
) -> None:
    targets = [resource for resource in resources if _selected(resource, entry["target"])]
    if not targets:
        raise Unbuildable(f"{entry['path']} finds no {entry['target']}")
    for resource in targets:
        for operation in operations:
            steps = operation["path"].removeprefix("/").split("/")
            *way, last = [step.replace("~1", "/").replace("~0", "~") for step in steps]  # RFC 6901
            node: Any = resource
            for step in way:
                node = node[int(step)] if isinstance(node, list) else node[step]
            if operation["op"] == "add" and isinstance(node, list) and last == "-":
                node.append(operation["value"])
            elif operation["op"] == "add" or (operation["op"] == "replace" and last in node):
                node[last] = operation["value"]
            else:
                raise Unbuildable(f"{entry['path']}: cannot {operation['op']} {operation['path']}")


def _replace(resources: list[Resource], entry: dict[str, Any]) -> None:
    sources = [r for r in resources if _selected(r, {"kind": entry["source"]["kind"]})]
    if len(sources) != 1:
        raise Unbuildable(f"{len(sources)} resources for the source {entry['source']}")
    (value,) = [
        node[key] for node, key in _places(sources[0], entry["source"]["fieldPath"].split("."))
    ]
    if cut := entry["source"].get("options"):
        value = value.split(cut["delimiter"])[cut["index"]]
    for target in entry["targets"]:
        options = target.get("options", {})
        for resource in [r for r in resources if _selected(r, target["select"])]:
            for path in target["fieldPaths"]:
                places = list(_places(resource, _steps(path)))
                if not places:
                    raise Unbuildable(f"{identity(resource)} has no {path}")
                for node, key in places:
                    node[key] = _part(str(node[key]), value, options)


def _part(old: str, value: str, options: dict[str, Any]) -> str:
    if "delimiter" not in options:
        return value
    parts = old.split(options["delimiter"])
    parts[options["index"]] = value
    return str(options["delimiter"]).join(parts)


def _steps(path: str) -> list[str]:
    """`a.[app.kubernetes.io/name].b` has three steps."""
    steps, open_bracket = [""], False
    for letter in path:
        open_bracket = letter == "[" or (open_bracket and letter != "]")
        if letter == "." and not open_bracket:
            steps.append("")
        else:
            steps[-1] += letter
    return steps


def _places(node: Any, steps: list[str]) -> Iterator[tuple[Any, Any]]:
    """The holders and keys of what `steps` leads to; none where the way ends before."""
    step, *rest = steps
    inner = step[1:-1] if step.startswith("[") else step
    keys: list[Any]
    if isinstance(node, list):
        name, _, wanted = inner.partition("=")
        if step == "*":
            keys = list(range(len(node)))
        elif step.isdecimal():
            keys = [int(step)] if int(step) < len(node) else []
        else:
            keys = [i for i, item in enumerate(node) if item.get(name) == wanted]
    else:
        keys = [inner] if isinstance(node, dict) and inner in node else []
    for key in keys:
        if rest:
            yield from _places(node[key], rest)
        else:
            yield node, key
