"""The county overlay as a cluster would see it: valid, safe, and wired to itself."""

import json
import re
from typing import Any

import pytest

from tests.deployment.cluster import found_by, of_kind, pod, process_names, processes
from tests.deployment.facts import ROOT, SERVICES
from tests.deployment.kustomize import Unbuildable, build, containers, identity
from tests.deployment.schemas import resource_mistake

Resource = dict[str, Any]
LABELS = "app.kubernetes.io/name"
ANSWERED = {"identification", "visits"}  # by processes of their own (ADR 0018)


def test_every_resource_follows_its_schema(county: list[Resource]) -> None:
    mistakes = {identity(r): m for r in county if (m := resource_mistake(r))}
    assert mistakes == {}


def test_every_service_of_the_project_is_deployed(county: list[Resource]) -> None:
    assert sorted({name for name, _ in processes(county)}) == SERVICES
    for name in SERVICES:
        answering = [f"{name}-answering"] if name in ANSWERED else []
        assert process_names(county, name) == [name, *answering]


def test_each_service_has_the_whole_shape(county: list[Resource]) -> None:
    for kind in ("Service", "PodDisruptionBudget", "NetworkPolicy", "ScaledObject", "Database"):
        assert set(SERVICES) <= set(of_kind(county, kind)), kind
    for service in SERVICES:
        assert {service, f"{service}-owner"} <= set(of_kind(county, "DatabaseRole"))


def test_everything_lives_in_the_namespace_of_the_county(county: list[Resource]) -> None:
    (namespace,) = of_kind(county, "Namespace")
    others = [r for r in county if r["kind"] != "Namespace"]
    assert {r["metadata"]["namespace"] for r in others} == {namespace}


def test_no_secret_is_in_the_manifests_and_the_page_lists_all_that_are_wanted(
    county: list[Resource],
) -> None:
    assert of_kind(county, "Secret") == {}
    wanted = set(re.findall(r'"secretKeyRef": {"name": "([^"]+)"', json.dumps(county)))
    wanted |= {
        role["spec"]["passwordSecret"]["name"] for role in of_kind(county, "DatabaseRole").values()
    }
    page = (ROOT / "deploy/k8s/README.md").read_text("utf-8")
    promised = {
        name.replace("SERVICE", service)
        for name in re.findall(r"^\| `([\w-]+)` \|", page, re.MULTILINE)
        for service in SERVICES
    }
    assert wanted == promised


def test_every_configuration_that_is_referred_to_exists(county: list[Resource]) -> None:
    referred = set(re.findall(r'"configMap(?:Ref)?": {"name": "([^"]+)"', json.dumps(county)))
    assert referred <= set(of_kind(county, "ConfigMap"))


def test_every_selector_finds_the_pods_of_its_name(county: list[Resource]) -> None:
    for name, deployment in of_kind(county, "Deployment").items():
        assert found_by(deployment["spec"]["selector"]["matchLabels"], county) == [name]
        for constraint in pod(deployment).get("topologySpreadConstraints", []):
            assert found_by(constraint["labelSelector"]["matchLabels"], county) == [name]
    for name, service in of_kind(county, "Service").items():
        answering = f"{name}-answering" if name in ANSWERED else name
        assert found_by(service["spec"]["selector"], county) == [answering]
    for name, budget in of_kind(county, "PodDisruptionBudget").items():
        assert found_by(budget["spec"]["selector"]["matchLabels"], county) == [name]
    for name, policy in of_kind(county, "NetworkPolicy").items():
        found = found_by(policy["spec"]["podSelector"]["matchLabels"], county)
        assert sorted(found) == process_names(county, name)
    (monitor,) = of_kind(county, "PodMonitor").values()
    found = found_by(monitor["spec"]["selector"]["matchLabels"], county)
    assert found == [deployment["metadata"]["name"] for _, deployment in processes(county)]


def test_every_port_that_is_named_is_there(county: list[Resource]) -> None:
    deployments = of_kind(county, "Deployment")
    for name, service in of_kind(county, "Service").items():
        named = {p["name"] for c in pod(deployments[name])["containers"] for p in c["ports"]}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= named
    for deployment in deployments.values():
        for container in pod(deployment)["containers"]:
            named = {port["name"] for port in container["ports"]}
            asked = {
                container[probe]["httpGet"]["port"]
                for probe in ("startupProbe", "livenessProbe", "readinessProbe")
                if probe in container
            }
            assert asked
            assert asked <= named


def test_every_container_is_confined(county: list[Resource]) -> None:
    for deployment in of_kind(county, "Deployment").values():
        security = pod(deployment)["securityContext"]
        assert security["runAsNonRoot"] is True
        assert security["runAsUser"] > 0
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod(deployment)["automountServiceAccountToken"] is False
        for container in containers(deployment):
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }


def test_every_container_says_what_it_needs(county: list[Resource]) -> None:
    for deployment in of_kind(county, "Deployment").values():
        for container in containers(deployment):
            assert {"cpu", "memory"} <= set(container["resources"]["requests"])
            assert "memory" in container["resources"]["limits"]


def test_every_image_is_pinned_and_ours_come_from_the_registry_of_the_county(
    county: list[Resource],
) -> None:
    for deployment in of_kind(county, "Deployment").values():
        for container in containers(deployment):
            assert re.fullmatch(r".+:\d+\.\d+\.\d+", container["image"])
    for name, deployment in processes(county):
        images = {c["image"].rpartition(":")[0] for c in containers(deployment)}
        assert images == {f"registry.example/shouwang/{name}"}


def test_the_replicas_of_a_service_spread_over_machines_and_zones(county: list[Resource]) -> None:
    for _, deployment in processes(county):
        keys = {c["topologyKey"] for c in pod(deployment)["topologySpreadConstraints"]}
        assert keys == {"kubernetes.io/hostname", "topology.kubernetes.io/zone"}


def test_no_service_may_call_another(county: list[Resource]) -> None:
    for name, policy in of_kind(county, "NetworkPolicy").items():
        assert set(policy["spec"]["policyTypes"]) == {"Ingress", "Egress"}
        for rule in policy["spec"]["ingress"]:
            assert all(set(peer) == {"namespaceSelector"} for peer in rule["from"])
        for rule in policy["spec"]["egress"]:
            for peer in rule.get("to", []):
                reached = found_by(
                    peer.get("podSelector", {}).get("matchLabels", {LABELS: ""}), county
                )
                ours = {d["metadata"]["name"] for _, d in processes(county)}
                assert not set(reached) & ours, f"{name} reaches {reached}"


def test_an_overlay_that_forgets_the_identity_provider_is_seen(county: list[Resource]) -> None:
    base = json.dumps(build(ROOT / "deploy/k8s/base"))
    assert ".invalid" in base
    assert ".invalid" not in json.dumps(county)


def test_the_builder_refuses_what_it_does_not_understand(tmp_path: Any) -> None:
    (tmp_path / "kustomization.yaml").write_text("resources: []\nnamePrefix: x-\n", "utf-8")
    with pytest.raises(Unbuildable, match="namePrefix"):
        build(tmp_path)
