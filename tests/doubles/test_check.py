"""`check` warns of what could hinder a promotion later."""

from __future__ import annotations

import json
from typing import Any

import pytest

from promokit.ledger.record import entry
from promokit.ledger.store import append
from promokit.model import Pipeline
from promokit.promotion.checking import check
from promokit.promotion.finding import Finding
from tests.doubles.control import control
from tests.doubles.stage import Stage, stage
from tests.factories import NOW

pytestmark = pytest.mark.program

__all__ = ["stage"]

TAG, OLDER, REVISION = "2026.01.02.0003", "2026.01.01.0001", "f" * 40


def checked(stage: Stage) -> dict[str, Finding]:
    """The findings by what they are about; each of these tests has one a subject."""
    pipeline = Pipeline(stage.environment.settings(), {"test": stage.environment})
    found = check(pipeline, clients=stage.clients)
    assert len({each.subject for each in found}) == len(found)
    return {each.subject.rpartition(": ")[2]: each for each in found}


def running(stage: Stage) -> str:
    pushed = stage.push(TAG, REVISION)
    image = f"{stage.repository}:{TAG}@{pushed.digest}"
    stage.run(image, pushed.digest)
    return image


def node(stage: Stage, name: str, architecture: str) -> None:
    info = {"operatingSystem": "linux", "architecture": architecture}
    stage.api.put("nodes", name, {"status": {"nodeInfo": info}}, namespace="")


def ran_before(stage: Stage, *images: str) -> None:
    lines: list[dict[str, Any]] = []
    for image in images:
        lines.append(entry("opened", "promotion", image, NOW, image=image))
        lines.append(entry("closed", "promotion", image, NOW, outcome="succeeded"))
    append(stage.api.namespace(), lambda book: lines)


def policy(stage: Stage, **selection: Any) -> None:
    chosen = {"countType": "imageCountMoreThan", "countNumber": 10, **selection}
    text = json.dumps({"rules": [{"rulePriority": 3, "selection": chosen, "action": {"type": "expire"}}]})
    control(stage.aws, "PUT", f"repositories/{stage.name}", {"lifecyclePolicy": text})


def test_all_is_well(stage: Stage) -> None:
    """Tags immutable, images there, no rule, nodes of a platform that the image has."""
    running(stage)
    node(stage, "one", "amd64")
    found = checked(stage)
    assert {name: each.word for name, each in found.items()} == dict.fromkeys(
        ("platforms", "tags", "images", "lifecycle rules"), "ok"
    )


def test_a_rule_that_could_delete_an_image_is_a_warning(stage: Stage) -> None:
    """One that runs, or that an environment may go back to; what the rule does is told."""
    running(stage)
    older = stage.push(OLDER, text="older")
    ran_before(stage, f"{stage.repository}:{OLDER}@{older.digest}")
    policy(stage, tagStatus="tagged", tagPrefixList=["2026.01.01"])
    found = checked(stage)["lifecycle rules"]
    assert (found.word, found.sentence) == (
        "warning",
        f"rule 3 deletes all but the newest 10, so perhaps {OLDER} of test",
    )
    policy(stage, tagStatus="any")
    assert f"{OLDER} of test, {TAG} of test" in checked(stage)["lifecycle rules"].sentence
    policy(stage, tagStatus="untagged")
    assert checked(stage)["lifecycle rules"].word == "ok"


def test_an_image_that_is_gone_is_a_warning(stage: Stage) -> None:
    """More than a hundred digests are asked for in more than one call."""
    running(stage)
    ran_before(stage, *(f"{stage.repository}:{OLDER}@sha256:{number:064x}" for number in range(120)))
    pipeline = Pipeline(stage.environment.settings(), {"test": stage.environment})
    gone = [each for each in check(pipeline, clients=stage.clients) if each.subject.endswith("images")]
    assert {each.word for each in gone} == {"warning"}
    assert len(gone) == 120
    assert {each.sentence for each in gone} == {f"{OLDER} of test is gone"}
    assert stage.asked().count("BatchGetImage") == 2


def test_a_platform_that_the_image_lacks_is_a_warning(stage: Stage) -> None:
    """A pod that lands on such a node can't start."""
    running(stage)
    node(stage, "one", "amd64")
    node(stage, "two", "s390x")
    found = checked(stage)["platforms"]
    assert (found.word, found.sentence) == ("warning", f"{TAG} lacks linux/s390x, which some nodes are")


def test_nodes_that_may_not_be_read_are_skipped(stage: Stage) -> None:
    """The right to is a cluster's, and the roles here are a namespace's."""
    running(stage)
    stage.api.fail(403, path="nodes")
    assert checked(stage)["platforms"].word == "skipped"


def test_tags_that_can_be_moved_are_a_warning(stage: Stage) -> None:
    """Promotions of that repository are refused."""
    running(stage)
    control(stage.aws, "PUT", f"repositories/{stage.name}", {"imageTagMutability": "MUTABLE"})
    assert checked(stage)["tags"].word == "warning"


def test_what_can_not_be_asked_is_unknown(stage: Stage) -> None:
    """Each by itself: the others are checked all the same."""
    running(stage)
    stage.api.fail(403, path="deployments", times=9)
    control(stage.aws, "POST", "fail", {"error": "AccessDeniedException", "operation": "GetLifecyclePolicy"})
    found = checked(stage)
    assert {name: each.word for name, each in found.items()} == {
        "test": "unknown",
        "tags": "ok",
        "lifecycle rules": "unknown",
    }
    assert "ecr:GetLifecyclePolicy" in found["lifecycle rules"].remedy


def test_an_unproven_environment_is_a_warning(stage: Stage) -> None:
    """Nothing can be promoted from it."""
    running(stage)
    stage.api.get("deployments", "main-app")["spec"]["paused"] = True
    assert checked(stage)["test"].sentence == "what main-app/main-app runs isn't proven: paused"
