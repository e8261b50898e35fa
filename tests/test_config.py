from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promokit.config import load, parse
from promokit.errors import ConfigError
from promokit.freeze_windows import FreezeWindow
from promokit.model import Cluster, Pipeline, Workload

ROOT = Path(__file__).parent.parent
FILE = Path("promokit.yaml")
IMAGE = "image: {repository: registry.example.com/app, branch: master}\n"
TEST = "  test: {namespace: app-test, workloads: [app/app]}\n"
SMALL = f"{IMAGE}environments:\n{TEST}"


def error_of(text: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        parse(text, FILE)
    return caught.value


def with_test(setting: str) -> str:
    """Return a small file whose environment test has one more setting, on line 6."""
    return f"{IMAGE}environments:\n  test:\n    namespace: app-test\n    workloads: [app/app]\n    {setting}\n"


def test_the_committed_file_loads() -> None:
    """The repository's own promokit.yaml is right, and says what the example needs."""
    pipeline = load(ROOT / "promokit.yaml")
    assert list(pipeline) == ["test", "sandbox", "prod"]
    prod = pipeline["prod"]
    assert prod.source is pipeline["sandbox"]
    assert prod.reference == Workload("main-app", "main-app")
    assert prod.migration is not None
    assert prod.migration.job == ROOT / "k8s-manifests-prod/db-migrate.yaml"
    assert prod.gates.approvals is not None
    assert prod.gates.approvals.environments == ("prod-approval", "prod")


def test_defaults_of_an_environment_without_a_source() -> None:
    """10 s of stability, 15 m of patience, a minute of blindness, and nothing rolled back by itself."""
    test = parse(SMALL, FILE)["test"]
    assert test.stable_for == timedelta(seconds=10)
    assert test.timeout == timedelta(minutes=15)
    assert test.blind_for == timedelta(seconds=60)
    assert test.auto_rollback is False
    assert (test.cluster, test.migration, test.gates.ci) == (Cluster(), None, None)


def test_defaults_of_an_environment_with_a_source() -> None:
    """30 s of stability, and a failed rollout goes back by itself."""
    prod = parse(f"{SMALL}  prod: {{from: test, namespace: p, workloads: [app/app]}}\n", FILE)["prod"]
    assert (prod.stable_for, prod.auto_rollback) == (timedelta(seconds=30), True)


def test_what_is_written_wins_over_the_defaults() -> None:
    """Also a zero and a false."""
    text = f"{SMALL}  prod: {{from: test, namespace: p, workloads: [a/b], stable-for: 0, auto-rollback: false}}\n"
    prod = parse(text, FILE)["prod"]
    assert (prod.stable_for, prod.auto_rollback) == (timedelta(0), False)


def test_one_text_stands_for_a_list_of_one() -> None:
    """`workflow: ci.yaml` needs no brackets."""
    ci = parse(with_test("gates: {ci: {workflow: ci.yaml, wait: 20m}}"), FILE)["test"].gates.ci
    assert ci is not None
    assert (ci.workflow, ci.wait) == (("ci.yaml",), timedelta(minutes=20))


def test_freeze_windows_are_one_or_a_list() -> None:
    """Weekly or dated; they are plain text in YAML, without quotes."""
    weekly, dated = "{weekly: Fri 16:00 to Mon 08:00, zone: Europe/Zurich}", "{dates: 2026-12-19 to 2027-01-03}"
    one = parse(with_test(f"gates: {{freeze: {weekly}}}"), FILE)["test"].gates
    assert one.freeze == (FreezeWindow("Fri 16:00 to Mon 08:00", zone="Europe/Zurich"),)
    both = parse(with_test(f"gates: {{freeze: [{weekly}, {dated}]}}"), FILE)["test"].gates
    assert both.freeze == (*one.freeze, FreezeWindow(dates="2026-12-19 to 2027-01-03"))


def test_a_key_of_yaml_that_is_reused_is_read() -> None:
    """Anchors and aliases are YAML, and allowed."""
    text = (
        f"{IMAGE}environments:\n  a: {{namespace: n, workloads: &w [app/app]}}\n  b: {{namespace: m, workloads: *w}}\n"
    )
    pipeline = parse(text, FILE)
    assert pipeline["a"].workloads == pipeline["b"].workloads


ALIASES_OF_ALIASES = "".join(
    f"{key}: &{key} [{', '.join([f'*{before}' if before else 'x'] * 9)}]\n"
    for before, key in zip(["", *"abcdefghi"], "abcdefghij", strict=True)
)
"""Ten lines that stand for billions."""


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("stabel-for: 10s", "unknown key 'stabel-for'"),
        ("stable_for: 10s", "unknown key 'stable_for'"),
        ("stable-for: 10", "10 is not a length of time"),
        ("stable-for: false", "False is not a length of time"),
        ("timeout: soon", "'soon' is not a length of time"),
        ("auto-rollback: 'yes'", "expected true or false, not 'yes'"),
        ("cluster: credreg-test", "expected keys and values here, not 'credreg-test'"),
        ("cluster: {eks: 7}", "expected text, not 7"),
        ("cluster: {aks: x}", "unknown key 'aks'"),
        ("also-from: []", "expected a list of texts, not []"),
        ("also-from: {a: b}", "expected a list of texts, not {'a': 'b'}"),
        ("also-from: [1]", "expected text, not 1"),
        ("migration: {job: a.yaml, when: during}", "must be one of: before, after"),
        ("migration: {when: after}", "'job' is missing"),
        ("migration: {job: 7}", "expected text, not 7"),
        ("gates: {ci: {}}", "'workflow' is missing"),
        ("gates: {ci: {workflow: [a.yaml], wait: 5}}", "5 is not a length of time"),
        ("gates: {smoke: {}}", "unknown key 'smoke'"),
        ("gates: {freeze: [{weekly: Friday}]}", "'Friday' is no freeze window"),
        ("gates: {freeze: [{weekly: Sat to Sun, zone: Nowhere}]}", "'Nowhere' is no time zone"),
        ("gates: {freeze: [{daily: Sat to Sun}]}", "unknown key 'daily'"),
        ("gates: {freeze: [{dates: 2026-12-24}]}", "expected text, not datetime.date(2026, 12, 24)"),
        ("gates: {freeze: Sat to Sun}", "expected keys and values here"),
        ("gates: {freeze: 7}", "expected keys and values here"),
        ("gates: {approvals: {environments: prod, count: 2}}", "unknown key 'count'"),
        ("gates: [ci]", "expected keys and values here, not ['ci']"),
        ("from: staging", "there is no environment 'staging'"),
        ("from: tests", "there is no environment 'tests': did you mean 'test'?"),
        ("from: test", "an environment can't be promoted from itself"),
        ("also-from: registry.example.com/App", "'registry.example.com/App' is not an image reference"),
        ("also-from: [registry.example.com/app:latest]", "'registry.example.com/app:latest' has a tag or a digest"),
        ("also-from: [app]", "'app' names no registry"),
        ("namespace: again", "the key 'namespace' stands twice"),
        ("1: x", "unknown key '1'"),
        ("workloads2: a", "did you mean 'workloads'?"),
        ("? [a]\n    : b", "not YAML"),
        ("timeout: 2026-13-45", "not YAML"),
        ("timeout: [", "not YAML"),
    ],
)
def test_what_is_wrong_is_told_with_its_line_and_a_remedy(setting: str, told: str) -> None:
    """Every kind of mistake names the file, the line, what to do, and is wrong use."""
    error = error_of(with_test(setting))
    assert told in error.what
    assert error.where in {"promokit.yaml:6", "promokit.yaml:7", "promokit.yaml"}
    assert error.remedy
    assert error.exit_code == 2


@pytest.mark.parametrize(
    ("text", "told", "line"),
    [
        ("", "expected keys and values here, not nothing", 1),
        ("# nothing yet\n", "expected keys and values here, not nothing", 1),
        ("- a\n- b\n", "expected keys and values here", 1),
        ("just text", "expected keys and values here", 1),
        (IMAGE, "'environments' is missing", 1),
        (f"environments:\n{TEST}", "'image' is missing", 1),
        (f"{IMAGE}environments: {{}}\n", "no environment is described", 2),
        (f"{IMAGE}environments:\n  test:\n    namespac: n\n    workloads: [a/b]\n", "unknown key 'namespac': did", 4),
        (f"image:\n  branch: m\n  repositry: r/r\nenvironments:\n{TEST}", "did you mean 'repository'", 3),
        (f"image:\n  branch: m\n  repository: a b\nenvironments:\n{TEST}", "'a b' is not an image reference", 3),
        (f"image:\n  branch: m\n  repository: app\nenvironments:\n{TEST}", "'app' names no registry", 3),
        (f"image:\n  branch: m\n  repository: a_b.c/app\nenvironments:\n{TEST}", "names no registry", 3),
        (
            f"{SMALL}  late: {{from: last, namespace: n, workloads: a/b}}\n  last: {{namespace: m, workloads: a/b}}\n",
            "'last' stands below 'late'",
            4,
        ),
        (f"{IMAGE}environments:\n", "expected keys and values here", 2),
        (f"{IMAGE}environments:\n  test:\n", "expected keys and values here, not nothing", 3),
        (f"{SMALL}environments: {{}}\n", "the key 'environments' stands twice", 4),
        (f"{SMALL}  test: {{}}\n", "the key 'test' stands twice", 4),
        (f"{SMALL}notify: {{mail: x}}\n", "unknown key 'mail'", 4),
        (f"{IMAGE}environments:\n  test: {{workloads: [app/app]}}\n", "'namespace' is missing", 3),
        (f"{IMAGE}environments:\n  test: {{namespace: n, workloads: [app]}}\n", "'app' is not a workload", 3),
        (f"{IMAGE}environments:\n  test: {{namespace: n, workloads: [a/b/c]}}\n", "'a/b/c' is not a workload", 3),
        (f"{IMAGE}environments:\n  test: {{namespace: n, workloads: [/c]}}\n", "'/c' is not a workload", 3),
        (f"image: {{repository: r}}\nenvironments:\n{TEST}", "'branch' is missing", 1),
        (f"{SMALL}  a/b: {{namespace: n, workloads: a/b}}\n", "this can't be an environment's name", 4),
        (f"{SMALL}  ' ': {{namespace: n, workloads: a/b}}\n", "this can't be an environment's name", 4),
        (f"{SMALL}  prod: {{namespace: n, workloads: ../b}}\n", "'../b' is not a workload", 4),
        (f"{SMALL}  prod: {{namespace: n, workloads: a b/c}}\n", "'a b/c' is not a workload", 4),
        (f"{SMALL}  prod: {{namespace: n, workloads: a/B}}\n", "'a/B' is not a workload", 4),
        ("a: &a {b: *a}\n", "not YAML", None),
        (ALIASES_OF_ALIASES, "too many keys, or aliases of aliases", None),
        ("a: !!python/object:os.system x\n", "not YAML", 1),
        ("\x00", "not YAML", None),
    ],
)
def test_a_file_that_is_wrong_as_a_whole_is_told_too(text: str, told: str, line: int | None) -> None:
    """Missing, empty, doubled and foreign things are told with the nearest line there is."""
    error = error_of(text)
    assert told in error.what
    assert error.where == (f"promokit.yaml:{line}" if line else "promokit.yaml")
    assert error.remedy


def test_the_keys_to_use_are_in_the_remedy_of_an_unknown_one() -> None:
    """A typo is mended from the message alone."""
    assert "stable-for" in str(error_of(with_test("stabel-for: 10s")).remedy)


def test_the_path_to_what_is_wrong_is_told() -> None:
    """The keys above it say which environment it is in."""
    assert error_of(with_test("gates: {ci: {workflow: a, wait: x}}")).what.startswith(
        "environments.test.gates.ci.wait:"
    )


def test_a_file_without_an_end_is_not_read_whole() -> None:
    """Nor one of gigabytes that was named by mistake."""
    with pytest.raises(ConfigError, match="too large for a pipeline"):
        load("/dev/zero")


@pytest.mark.parametrize("branch", ["no", "2.0", "7", "2026-11-24"])
def test_a_text_that_yaml_takes_for_something_else_is_to_be_quoted(branch: str) -> None:
    """A branch may be called no: the remedy is not in the schema."""
    assert error_of(SMALL.replace("branch: master", f"branch: {branch}")).remedy == "put it in quotes"


@pytest.mark.parametrize("make", ["missing", "folder", "binary"])
def test_a_file_that_cannot_be_read_is_wrong_use(tmp_path: Path, make: str) -> None:
    """There is none, it is a folder, it isn't text: each says how to go on."""
    file = tmp_path / "promokit.yaml"
    if make == "folder":
        file.mkdir()
    elif make == "binary":
        file.write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(ConfigError) as caught:
        load(file)
    assert str(file) in str(caught.value)
    assert "Remedy" in str(caught.value)


def test_an_unknown_environment_names_the_known_ones() -> None:
    """pipeline[…] is wrong use when there is none of that name."""
    with pytest.raises(ConfigError, match="use one of: test"):
        parse(SMALL, FILE)["prod"]


@given(st.text(alphabet=st.sampled_from("image:{}[]&*!|>-?'\"\n\t #test0,~<a"), max_size=40))
def test_no_text_crashes_the_reader(text: str) -> None:
    """Whatever stands in the file, it is a pipeline or wrong use."""
    for each in (text, with_test(text)):
        with suppress(ConfigError):
            assert isinstance(parse(each, FILE), Pipeline)
