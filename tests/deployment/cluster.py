"""Questions about a list of Kubernetes resources."""

import re
from typing import Any

Resource = dict[str, Any]
NAME = "app.kubernetes.io/name"
MONITORED = {"shouwang_service", "shouwang_process"}  # labels that the monitor gives to figures


def of_kind(resources: list[Resource], kind: str) -> dict[str, Resource]:
    """The resources of a kind by name."""
    return {r["metadata"]["name"]: r for r in resources if r["kind"] == kind}


def processes(resources: list[Resource]) -> list[tuple[str, Resource]]:
    """The Deployments that run a service of ours, each after the name of its service."""
    return [
        (labels(deployment)[NAME], deployment)
        for deployment in of_kind(resources, "Deployment").values()
        if labels(deployment).get("app.kubernetes.io/component") == "service"
    ]


def process_names(resources: list[Resource], service: str) -> list[str]:
    """The names of a service's Deployments: those that publish, then those that only answer."""
    return sorted(d["metadata"]["name"] for name, d in processes(resources) if name == service)


def pod(deployment: Resource) -> dict[str, Any]:
    """The pod's specification."""
    return dict(deployment["spec"]["template"]["spec"])


def labels(deployment: Resource) -> dict[str, str]:
    """The labels of the pods of a Deployment."""
    return dict(deployment["spec"]["template"]["metadata"]["labels"])


def monitored(deployment: Resource, resources: list[Resource]) -> dict[str, str]:
    """What the monitor adds to the figures of a Deployment's pods."""
    spelled = {re.sub(r"[^a-z]", "_", label): value for label, value in labels(deployment).items()}
    return {label: spelled[source] for label, source in relabelings(resources).items()}


def found_by(selector: dict[str, str], resources: list[Resource]) -> list[str]:
    """Names of the Deployments whose pods a selector finds."""
    return [
        name
        for name, deployment in of_kind(resources, "Deployment").items()
        if selector.items() <= labels(deployment).items()
    ]


def environment(container: Resource, resources: list[Resource]) -> dict[str, str]:
    """What a container is told. A value from a Secret is shown as `secret:NAME/KEY`."""
    told: dict[str, str] = {}
    for source in container.get("envFrom", []):
        told |= of_kind(resources, "ConfigMap")[source["configMapRef"]["name"]].get("data", {})
    for entry in container.get("env", []):
        reference = entry.get("valueFrom", {}).get("secretKeyRef")
        told[entry["name"]] = (
            f"secret:{reference['name']}/{reference['key']}" if reference else entry["value"]
        )
    return told


def series(expression: str) -> set[str]:
    """Our own metrics in a PromQL expression."""
    return set(re.findall(r"\bshouwang_[a-z_]+\b", expression)) - MONITORED


def relabelings(resources: list[Resource]) -> dict[str, str]:
    """The labels that the monitor gives to figures, each with the label of the pod that it is taken from."""
    (monitor,) = of_kind(resources, "PodMonitor").values()
    (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
    taken = {one["targetLabel"]: one["sourceLabels"] for one in endpoint["relabelings"]}
    start = "__meta_kubernetes_pod_label_"
    return {label: source.removeprefix(start) for label, (source,) in taken.items()}
