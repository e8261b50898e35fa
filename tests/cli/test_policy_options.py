from __future__ import annotations

import pytest

from promokit.cli.policy_options import judged_by
from promokit.errors import ConfigError
from promokit.rollout.policy import Policy


@pytest.mark.parametrize("text", ["0", "0s", "0m0s"])
def test_a_timeout_of_nothing_is_refused(text: str) -> None:
    """It would change the cluster and give up at once."""
    with pytest.raises(ConfigError, match="a timeout of 0"):
        judged_by(Policy(), {"timeout": text})


def test_a_window_that_is_given_replaces_the_policys_own() -> None:
    """The others stay."""
    assert judged_by(Policy(), {"stable_for": "0s", "timeout": None}) == Policy(stable_for=0)
