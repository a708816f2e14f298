#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that the parts of deploy/kubernetes fit each other, the systemd unit and the program:
tests/tidy/kubernetes.py [PROGRAM]. Prints what does not, and ends with 'N passed, N failed'. What
the API server would say of types and names it does not know."""

import glob
import os
import re
import subprocess
import sys
import tempfile

import yaml

CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


class Manifests:
    def __init__(self, paths):
        self.all = [d for p in sorted(paths) for d in yaml.safe_load_all(open(p, encoding="utf-8"))]
        self.set = self.one("StatefulSet")
        self.pod = self.set["spec"]["template"]
        self.container = self.pod["spec"]["containers"][0]

    def one(self, kind):
        found = [d for d in self.all if d["kind"] == kind]
        assert len(found) == 1, f"{len(found)} of kind {kind}"
        return found[0]


@check
def kinds_have_their_versions(m):
    versions = {"ConfigMap": "v1", "Service": "v1", "PodDisruptionBudget": "policy/v1",
                "StatefulSet": "apps/v1"}
    assert {d["kind"]: d["apiVersion"] for d in m.all} == versions


@check
def selectors_find_the_pods(m):
    labels = m.pod["metadata"]["labels"].items()
    spread = m.pod["spec"]["topologySpreadConstraints"][0]["labelSelector"]["matchLabels"]
    for selector in (m.set["spec"]["selector"]["matchLabels"], spread,
                     m.one("PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
                     m.one("Service")["spec"]["selector"]):
        assert selector and selector.items() <= labels, selector


@check
def the_service_is_headless_and_the_sets(m):
    service = m.one("Service")
    assert service["spec"]["clusterIP"] == "None"
    assert m.set["spec"]["serviceName"] == service["metadata"]["name"]
    ports = {p["name"] for p in m.container["ports"]}
    assert all(p["targetPort"] in ports for p in service["spec"]["ports"])


@check
def every_mount_has_its_volume(m):
    mounted = {v["name"] for v in m.container["volumeMounts"]}
    claims = {c["metadata"]["name"] for c in m.set["spec"]["volumeClaimTemplates"]}
    volumes = {v["name"] for v in m.pod["spec"]["volumes"]}
    assert mounted == claims | volumes and not claims & volumes
    maps = {v["configMap"]["name"] for v in m.pod["spec"]["volumes"] if "configMap" in v}
    assert maps == {m.one("ConfigMap")["metadata"]["name"]}


@check
def probes_ask_what_they_should(m):
    ports = {p["name"] for p in m.container["ports"]}
    for probe, path in (("startupProbe", "/healthz"), ("livenessProbe", "/healthz"),
                        ("readinessProbe", "/readyz")):
        get = m.container[probe]["httpGet"]
        assert get["path"] == path and get["port"] in ports, probe


@check
def pods_may_do_nothing_but_their_work(m):
    pod, own = m.pod["spec"]["securityContext"], m.container["securityContext"]
    assert pod["runAsNonRoot"] and pod["runAsUser"] > 0 and pod["fsGroup"] > 0
    assert pod["seccompProfile"]["type"] == "RuntimeDefault"
    assert own["readOnlyRootFilesystem"] and not own["allowPrivilegeEscalation"]
    assert own["capabilities"]["drop"] == ["ALL"]
    assert m.pod["spec"]["automountServiceAccountToken"] is False
    image = open("deploy/Dockerfile", encoding="utf-8").read()
    assert f"USER {pod['runAsUser']}\n" in image


@check
def a_stop_has_as_long_as_under_systemd(m):
    unit = open("deploy/cardwatch.service", encoding="utf-8").read()
    seconds = int(re.search(r"^TimeoutStopSec=(\d+)$", unit, re.M)[1])
    assert m.pod["spec"]["terminationGracePeriodSeconds"] >= seconds


@check
def the_pods_name_is_its_name_in_the_group(m):
    env = {e["name"]: e for e in m.container["env"]}
    field = env["CARDWATCH_PROCESSING_INSTANCE_ID"]["valueFrom"]["fieldRef"]["fieldPath"]
    assert field == "metadata.name"
    # Variables that Kubernetes makes of a service's name would be taken for settings.
    assert m.pod["spec"]["enableServiceLinks"] is False


@check
def memory_and_cpu_are_said(m):
    resources = m.container["resources"]
    assert "memory" in resources["limits"] and {"cpu", "memory"} <= resources["requests"].keys()


@check
def the_program_takes_the_configuration(m):
    if len(sys.argv) < 2:
        return
    config = yaml.safe_load(m.one("ConfigMap")["data"]["cardwatch.yaml"])
    state = [v["mountPath"] for v in m.container["volumeMounts"] if v["name"] == "state"][0]
    assert config["state"]["dir"].startswith(state + "/")
    with tempfile.TemporaryDirectory() as scratch:
        path = os.path.join(scratch, "cardwatch.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(m.one("ConfigMap")["data"]["cardwatch.yaml"])
        # 2 is a wrong configuration; 1, that there is no cluster here.
        done = subprocess.run([sys.argv[1], "check", "-c", path, "--set", "state.dir=" + scratch,
                               "--set", "kafka.bootstrap.servers=127.0.0.1:1"],
                              capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 1, done.stdout + done.stderr


def main():
    manifests = Manifests(glob.glob("deploy/kubernetes/*.yaml"))
    failed = 0
    for function in CHECKS:
        name = function.__name__.replace("_", " ")
        try:
            function(manifests)
        except (AssertionError, KeyError, TypeError) as problem:
            failed += 1
            print(f"not ok: {name}: {type(problem).__name__} {problem}")
        else:
            print(f"ok: {name}")
    print(f"{len(CHECKS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
