from attrs import evolve

from promokit.promotion.difference import difference, outdated
from promokit.promotion.plan import promise_of
from tests.factories import environment, image
from tests.promotion.test_plan import plan


def test_what_is_as_planned_is_no_difference() -> None:
    """Facts that move with time aren't in it."""
    assert difference(promise_of(plan()), plan(head="2" * 64)) == ()


def test_a_difference_is_told_by_the_words_that_people_know_it_by() -> None:
    """What the source runs, what each workload of the target runs, the migration: planned and now."""
    made = plan(previous={"main-app/main-app": "a:1", "worker-app/worker": "a:1"})
    now = plan(image=image("c"), previous={"main-app/main-app": "a:2", "worker-app/worker": "a:1"}, migrate="none")
    told = [str(each) for each in difference(promise_of(made), now)]
    assert told == [
        f"image of sandbox was {image()}, is {image('c')}",
        "migration was after, is none",
        "main-app/main-app of prod was a:1, is a:2",
    ]


def test_a_workload_that_came_or_went_was_or_is_nothing() -> None:
    """Another configuration is another plan."""
    made, now = plan(previous={"old/app": "a:1"}), plan(previous={"new/app": "a:2"})
    told = [str(each) for each in difference(promise_of(made), now)]
    assert told == ["new/app of prod was nothing, is a:2", "old/app of prod was a:1, is nothing"]


def test_settings_that_matter_are_told_with_their_values() -> None:
    """Another timeout than the one that reviewers saw."""
    made, other = plan(), environment("prod", source=environment("sandbox"), crashes=3)
    (told,) = difference(promise_of(made), evolve(made, environment=other))
    assert (told.what, "crashes 2" in told.planned, "crashes 3" in told.now) == ("settings", True, True)


def test_of_many_changes_the_line_tells_the_first_and_the_table_all() -> None:
    """A hundred workloads that moved are no line of thirty thousand characters."""
    made = plan(previous={f"app-{each}/app": "a:1" for each in range(100)})
    now = plan(previous={f"app-{each}/app": "a:2" for each in range(100)})
    error = outdated(now.environment, difference(promise_of(made), now))
    assert str(error).endswith("; and 97 more (prod). Remedy: make a new plan, and have it approved.")
    assert len(error.table) == 101
