"""How each program is put to a case of the lab: what it finds there, and the command that follows the change."""

from __future__ import annotations

import json
import subprocess
import tempfile
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

from attrs import define, field

from tests.bench import programs
from tests.bench.verdict_cases import Row
from tests.lab import build, certificates, control, stage
from tests.lab.actors import REPOSITORY
from tests.lab.cases.case import Case
from tests.lab.cases.steps import Create, SetImage
from tests.lab.layout import BIN
from tests.lab.place import Place

Json = dict[str, Any]
_CHART = {
    "Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
    "templates/all.yaml": "{{- range .Values.objects }}\n---\n{{ toYaml . }}\n{{- end }}\n",
}


@define
class Tool(ABC):
    """One program."""

    slug: str
    _folder: tempfile.TemporaryDirectory[str] = field(
        factory=lambda: tempfile.TemporaryDirectory(prefix="promokit-bench-")
    )

    @property
    def folder(self) -> Path:
        """Where its files are, as long as it is there itself."""
        return Path(self._folder.name)

    def install(self, place: Place, case: Case) -> None:
        """Put there what the case starts from."""
        for manifest in case.before:
            place.apply(manifest)

    @abstractmethod
    def change(self, place: Place, case: Case, row: Row) -> list[str]:
        """Make the change, unless the program makes it, and return the program's command."""

    def environ(self, place: Place, row: Row) -> dict[str, str]:
        """The command's environment: the cluster's administrator."""
        del row
        return _administrator(place)


class Promokit(Tool):
    """promokit makes the change."""

    def change(self, place: Place, case: Case, row: Row) -> list[str]:
        step = case.change[0]
        flags = (*row.flags, "-o", "json")
        if isinstance(step, SetImage):
            _, name, container = step.workload.split("/")
            reference = place.filled(step.image)
            return programs.promokit([f"{name}/{container}"], reference, place.cluster.name, place.namespace, *flags)
        assert isinstance(step, Create)
        containers = step.manifest["spec"]["template"]["spec"]["containers"]
        reference = place.filled(containers[0]["image"])
        template = self.folder / f"{place.namespace}.json"
        template.write_text(json.dumps(place.filled(dict(step.manifest))))
        return programs.migration(template, reference, place.cluster.name, place.namespace, *flags)

    def environ(self, place: Place, row: Row) -> dict[str, str]:
        """With the keys of a role that reads the registry, where the row has one."""
        environ = {**_administrator(place), "AWS_EC2_METADATA_DISABLED": "true"}
        if not row.asks_registry:
            return environ
        keys = control.call("POST", f"{control.AWS}/_lab/assume", {"role": "promokit-plan"})
        return {
            **environ,
            "AWS_ENDPOINT_URL": control.AWS,
            "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
            "AWS_SESSION_TOKEN": keys["SessionToken"],
        }


class Kubectl(Tool):
    """Somebody makes the change, and kubectl follows it."""

    def change(self, place: Place, case: Case, row: Row) -> list[str]:
        del row
        stage.change(case, place)
        step = case.change[0]
        if isinstance(step, SetImage):
            return programs.kubectl(BIN / "kubectl", place.namespace, "/".join(step.workload.split("/")[:2]))
        assert isinstance(step, Create)
        job = f"job/{step.manifest['metadata']['name']}"
        wait = ["wait", "--for=condition=complete", "--timeout=300s", job]
        return [str(BIN / "kubectl"), "--namespace", place.namespace, *wait]


class Helm(Tool):
    """The same objects as a chart, which helm upgrades."""

    def install(self, place: Place, case: Case) -> None:
        objects = [dict(each) for each in case.before if each["kind"] == "Deployment"]
        for manifest in case.before:
            if manifest["kind"] != "Deployment":
                place.apply(manifest)
        command = self._upgrade(place, objects, "--install")
        subprocess.run(command, env=_administrator(place), check=True, capture_output=True, timeout=120)

    def change(self, place: Place, case: Case, row: Row) -> list[str]:
        del row
        step = case.change[0]
        objects = [dict(each) for each in case.before if each["kind"] == "Deployment"]
        if isinstance(step, Create):
            objects.append(dict(step.manifest))
        else:
            assert isinstance(step, SetImage)
            objects = [_with_image(each, step) for each in objects]
        return self._upgrade(place, objects, "--wait", "--wait-for-jobs", "--timeout", "300s")

    def _upgrade(self, place: Place, objects: list[Json], *flags: str) -> list[str]:
        """Helm's command for a chart of these objects."""
        chart = self.folder / place.namespace
        for name, text in _CHART.items():
            (chart / name).parent.mkdir(parents=True, exist_ok=True)
            (chart / name).write_text(text)
        (chart / "values.yaml").write_text(json.dumps({"objects": place.filled(objects)}))
        helm = str(build.build("helm") / "helm")
        return [helm, "upgrade", "web", str(chart), "--namespace", place.namespace, *flags]


def tools() -> tuple[Tool, ...]:
    """The programs in the order of the table's columns. The registry's double learns of the actors' images."""
    control.call("PUT", f"{control.AWS}/_lab/repositories/{REPOSITORY}", {"imageTagMutability": "MUTABLE"})
    return Promokit("promokit"), Kubectl("kubectl"), Helm("helm")


def _administrator(place: Place) -> dict[str, str]:
    return programs.environ(certificates.kubeconfig(place.cluster, certificates.ADMIN))


def _with_image(deployment: Json, step: SetImage) -> Json:
    """The Deployment as the step leaves it."""
    changed: Json = json.loads(json.dumps(deployment))
    _, name, container = step.workload.split("/")
    for each in changed["spec"]["template"]["spec"]["containers"]:
        if changed["metadata"]["name"] == name and each["name"] == container:
            each["image"] = step.image
    return changed
