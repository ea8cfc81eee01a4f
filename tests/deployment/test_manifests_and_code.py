"""The county overlay against the code: settings, topics, roles, probes, metrics."""

import json
import re
from typing import Any

import pytest
from prometheus_client import REGISTRY

from audit.api import reconciliation
from audit.log import publishing
from common import service as common_service
from common import topics
from tests.deployment.cluster import (
    MONITORED,
    environment,
    monitored,
    of_kind,
    pod,
    processes,
    series,
)
from tests.deployment.facts import ROOT, SERVICES, series_of, settings, variables_read

Resource = dict[str, Any]


def test_each_service_is_told_all_that_it_needs_and_nothing_that_it_does_not_read(
    county: list[Resource],
) -> None:
    for name, deployment in processes(county):
        (container,) = pod(deployment)["containers"]
        read, required = settings(name)
        told = set(environment(container, county))
        assert told <= read, f"{name} does not read {sorted(told - read)}"
        assert required <= told, f"{name} is not told {sorted(required - told)}"


def test_a_service_is_told_that_this_is_production(county: list[Resource]) -> None:
    for _, deployment in processes(county):
        (container,) = pod(deployment)["containers"]
        assert environment(container, county)["PROFILE"] == "production"


def test_replicas_have_no_stable_name_since_they_would_share_it(county: list[Resource]) -> None:
    """Two members of a consumer group under one `INSTANCE` put each other out."""
    for _, deployment in processes(county):
        (container,) = pod(deployment)["containers"]
        assert "INSTANCE" not in environment(container, county)


def test_tables_are_laid_by_the_owner_and_the_service_never_sees_the_owner(
    county: list[Resource],
) -> None:
    for name, deployment in processes(county):
        (migrate,) = pod(deployment)["initContainers"]
        (container,) = pod(deployment)["containers"]
        assert [*migrate["command"], *migrate["args"]] == ["python", "-m", "common.migrate", name]
        assert migrate["image"] == container["image"]
        told = environment(migrate, county)
        assert set(told) == variables_read("common.migrate")
        assert told["SERVICE_ROLE"] == name
        assert told["OWNER_DATABASE_URL"] == f"secret:{name}-owner/uri"
        assert environment(container, county)["DATABASE_URL"] == f"secret:{name}-database/uri"
        assert "-owner" not in json.dumps(environment(container, county))


def test_each_service_has_its_own_database_with_an_owner_and_a_role(
    county: list[Resource],
) -> None:
    roles, databases = of_kind(county, "DatabaseRole"), of_kind(county, "Database")
    (cluster,) = of_kind(county, "Cluster")
    for name in SERVICES:
        assert roles[name]["spec"] == {
            "cluster": {"name": cluster},
            "name": name,
            "login": True,
            "passwordSecret": {"name": f"{name}-database"},
        }
        assert roles[f"{name}-owner"]["spec"] == {
            "cluster": {"name": cluster},
            "name": f"{name}_owner",
            "login": True,
            "passwordSecret": {"name": f"{name}-owner"},
        }
        assert databases[name]["spec"] == {
            "cluster": {"name": cluster},
            "name": name,
            "owner": f"{name}_owner",
            "databaseReclaimPolicy": "retain",
        }


def test_the_database_has_a_connection_for_every_replica(county: list[Resource]) -> None:
    (cluster,) = of_kind(county, "Cluster").values()
    replicas = sum(s["spec"]["maxReplicaCount"] for s in of_kind(county, "ScaledObject").values())
    each = 2 * common_service.POOL + 1  # the writer's pool, the readers', and the relay's lock
    assert int(cluster["spec"]["postgresql"]["parameters"]["max_connections"]) >= replicas * each


def test_a_service_listens_where_it_is_asked(county: list[Resource]) -> None:
    for _, deployment in processes(county):
        (container,) = pod(deployment)["containers"]
        told = environment(container, county)
        assert told["HOST"] == "0.0.0.0"
        assert container["ports"] == [{"name": "http", "containerPort": int(told["PORT"])}]


def test_probes_ask_what_the_services_answer(county: list[Resource]) -> None:
    answered = "".join(p.read_text("utf-8") for p in (ROOT / "libs/common/src/common").glob("*.py"))
    for _, deployment in processes(county):
        (container,) = pod(deployment)["containers"]
        asked = {
            probe: container[probe]["httpGet"]["path"]
            for probe in ("startupProbe", "livenessProbe", "readinessProbe")
        }
        assert asked == {
            "startupProbe": "/health/live",
            "livenessProbe": "/health/live",
            "readinessProbe": "/health/ready",
        }
        assert all(f'"{path}"' in answered for path in asked.values())


def test_metrics_are_read_where_they_are_shown(county: list[Resource]) -> None:
    (monitor,) = of_kind(county, "PodMonitor").values()
    (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
    assert (endpoint["port"], endpoint["path"]) == ("http", "/metrics")


def test_topics_are_those_of_the_code(county: list[Resource]) -> None:
    events = {topics.events_topic(service) for service in topics.SERVICES}
    parked = {topics.parked_topic(service) for service in topics.SERVICES}
    compacted = {topics.CATALOGUE, topics.STATEMENTS}
    single = {topics.CHECKPOINTS, *compacted}
    found = of_kind(county, "KafkaTopic")
    assert set(found) == events | parked | single
    for name, topic in found.items():
        assert topic["spec"]["partitions"] == (1 if name in single else topics.PARTITIONS)
        assert topic["spec"]["replicas"] == 3
        assert topic["spec"]["config"]["min.insync.replicas"] == 2
        kept = {"cleanup.policy": "delete", "retention.ms": -1}
        want = {"cleanup.policy": "compact"} if name in compacted else kept
        assert want.items() <= topic["spec"]["config"].items()


def test_everyone_speaks_to_the_kafka_that_is_here(county: list[Resource]) -> None:
    ((name, kafka),) = of_kind(county, "Kafka").items()
    (listener,) = kafka["spec"]["kafka"]["listeners"]
    bootstrap = f"{name}-kafka-bootstrap:{listener['port']}"
    assert of_kind(county, "ConfigMap")["shouwang"]["data"]["KAFKA_BOOTSTRAP_SERVERS"] == bootstrap
    for service in SERVICES:
        (trigger,) = of_kind(county, "ScaledObject")[service]["spec"]["triggers"]
        assert trigger["metadata"]["bootstrapServers"] == bootstrap
    for kind in ("KafkaTopic", "KafkaNodePool"):
        for resource in of_kind(county, kind).values():
            assert resource["metadata"]["labels"]["strimzi.io/cluster"] == name


def test_what_the_services_may_reach_is_what_they_are_told_to_reach(
    county: list[Resource],
) -> None:
    (kafka,) = of_kind(county, "Kafka")
    (postgres,) = of_kind(county, "Cluster")
    told = of_kind(county, "ConfigMap")["shouwang"]["data"]
    want = {
        ("strimzi.io/cluster", kafka, int(told["KAFKA_BOOTSTRAP_SERVERS"].rpartition(":")[2])),
        ("cnpg.io/cluster", postgres, 5432),
        (
            "app.kubernetes.io/name",
            *re.fullmatch(r"http://(\w+):(\d+)", told["OTEL_EXPORTER_OTLP_ENDPOINT"]).groups(),  # type: ignore[union-attr]
        ),
    }
    for policy in of_kind(county, "NetworkPolicy").values():
        reached = {
            (*next(iter(peer["podSelector"]["matchLabels"].items())), rule["ports"][0]["port"])
            for rule in policy["spec"]["egress"]
            for peer in rule.get("to", [])
            if "podSelector" in peer
        }
        assert {tuple(map(str, item)) for item in reached} == {
            tuple(map(str, item)) for item in want
        }


def test_a_service_scales_up_to_one_replica_a_partition_by_its_own_lag(
    county: list[Resource],
) -> None:
    source = (ROOT / "libs/common/src/common/service.py").read_text("utf-8")
    assert 'f"shouwang.{store.service}"' in source, "the consumer group has another name now"
    for name in SERVICES:
        scaled = of_kind(county, "ScaledObject")[name]
        assert scaled["spec"]["maxReplicaCount"] == topics.PARTITIONS
        (trigger,) = scaled["spec"]["triggers"]
        assert trigger["type"] == "kafka"
        assert trigger["metadata"]["consumerGroup"] == f"shouwang.{name}"


def test_the_number_of_processes_is_owned_by_who_scales_them(county: list[Resource]) -> None:
    scaled = of_kind(county, "ScaledObject")
    for _, deployment in processes(county):
        name = deployment["metadata"]["name"]
        assert scaled[name]["spec"]["scaleTargetRef"] == {"name": name}
        assert scaled[name]["spec"]["minReplicaCount"] >= 2
        assert "replicas" not in deployment["spec"]


def test_who_only_answers_is_told_so_and_scales_by_how_busy_it_is(county: list[Resource]) -> None:
    """ADR 0018: the same program and settings but for one, beside those that publish."""
    deployments, scaled = of_kind(county, "Deployment"), of_kind(county, "ScaledObject")
    answering = [name for name in deployments if name.endswith("-answering")]
    assert answering
    for name in answering:
        (one,) = pod(deployments[name])["containers"]
        (other,) = pod(deployments[name.removesuffix("-answering")])["containers"]
        told, known = environment(one, county), environment(other, county)
        assert told == {**known, "BACKGROUND": "false"}
        assert "BACKGROUND" not in known
        (trigger,) = scaled[name]["spec"]["triggers"]
        assert (trigger["type"], trigger["metricType"]) == ("cpu", "Utilization")
        assert "cpu" in one["resources"]["requests"]


def test_alarms_and_charts_read_metrics_that_exist(county: list[Resource]) -> None:
    # audit's figures are there too
    assert all((publishing.CONSISTENT, reconciliation.DIFFERING, reconciliation.REFUSED))
    shown = {name for metric in REGISTRY.collect() for name in series_of(metric)}
    (rules,) = of_kind(county, "PrometheusRule").values()
    expressions = [rule["expr"] for group in rules["spec"]["groups"] for rule in group["rules"]]
    dashboard = json.loads(
        of_kind(county, "ConfigMap")["shouwang-dashboard"]["data"]["shouwang.json"]
    )
    expressions += [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    used = set().union(*map(series, expressions))
    assert used <= shown, f"no such metric: {sorted(used - shown)}"
    assert {
        "shouwang_outbox_oldest_seconds",
        "shouwang_relay_leader",
        "shouwang_consumer_lag_records",
        "shouwang_consumer_unready",
        "shouwang_parked_records",
        "shouwang_log_consistent",
        "shouwang_reconciliation_differing_months",
        "shouwang_statements_refused_total",
    } <= used


def test_metrics_are_grouped_by_labels_that_the_monitor_sets(county: list[Resource]) -> None:
    for name, deployment in processes(county):
        told = {"shouwang_service": name, "shouwang_process": deployment["metadata"]["name"]}
        assert monitored(deployment, county) == told
        assert told.keys() == MONITORED


def test_that_one_kind_of_process_is_gone_is_noticed_while_another_runs(
    county: list[Resource],
) -> None:
    """Who only answers and who publishes have the name of one service."""
    (rules,) = of_kind(county, "PrometheusRule").values()
    alarms = {rule["alert"]: rule["expr"] for g in rules["spec"]["groups"] for rule in g["rules"]}
    (grouped,) = set(re.findall(r"by \(([^)]*)\)", alarms["ShouwangServiceGone"]))
    assert "shouwang_process" in grouped.split(", ")


def test_every_alarm_says_how_bad_it_is_and_what_to_do(county: list[Resource]) -> None:
    (rules,) = of_kind(county, "PrometheusRule").values()
    for group in rules["spec"]["groups"]:
        for rule in group["rules"]:
            assert rule["labels"]["severity"] in {"critical", "warning"}
            assert "shouwang_service" in rule["annotations"]["summary"]


def test_the_panels_of_the_dashboard_do_not_overlap(county: list[Resource]) -> None:
    dashboard = json.loads(
        of_kind(county, "ConfigMap")["shouwang-dashboard"]["data"]["shouwang.json"]
    )
    taken = [
        (x, y)
        for panel in dashboard["panels"]
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(taken) == len(set(taken))
    assert {x for x, _ in taken} == set(range(24))


@pytest.mark.parametrize(
    ("owner", "secrets"),
    [("identification", {"VAULT_KEY", "BLIND_INDEX_KEY"}), ("audit", {"LOG_KEY"})],
)
def test_a_key_goes_to_its_service_alone_and_out_of_a_secret(
    county: list[Resource], owner: str, secrets: set[str]
) -> None:
    for name, deployment in processes(county):
        (container,) = pod(deployment)["containers"]
        told = environment(container, county)
        assert secrets & set(told) == (secrets if name == owner else set())
        assert all(told[key].startswith("secret:") for key in secrets & set(told))


def test_each_service_signs_with_a_key_of_its_own_out_of_a_secret(county: list[Resource]) -> None:
    for name, deployment in processes(county):
        (container,) = pod(deployment)["containers"]
        told = environment(container, county)
        assert told["STATEMENT_KEY"] == f"secret:{name}-statements/STATEMENT_KEY"


def test_who_reads_the_policy_is_given_the_file_that_is_in_the_image(
    county: list[Resource],
) -> None:
    for name, deployment in processes(county):
        (container,) = pod(deployment)["containers"]
        if "POLICY_FILE" in settings(name)[0]:
            assert (ROOT / environment(container, county)["POLICY_FILE"]).is_file()
