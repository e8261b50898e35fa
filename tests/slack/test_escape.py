import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promokit.slack.escape import LONGEST_URL, foreign, link, one_line

PIECES = st.sampled_from(
    [
        "<!here>",
        "<@U123>",
        "<#C1|x>",
        "@channel",
        "#general",
        "&amp;",
        "<",
        ">",
        "|",
        "\n",
        "\x1b[1m",
        "http://x.io",
    ]
)
FOREIGN = st.text(max_size=80) | st.lists(PIECES, max_size=10).map("".join)


@given(FOREIGN)
def test_foreign_text_makes_no_entity_and_no_mention(text: str) -> None:
    """Slack's entities are in angle brackets; names are looked for after @ and #."""
    escaped = foreign(text, 500)
    assert not set(escaped) & {"<", ">", "\n"}
    assert not re.search(r"&(?!amp;|lt;|gt;)", escaped)
    assert not re.search(r"[@#]\w", escaped)


@given(FOREIGN, st.integers(min_value=1, max_value=50))
def test_foreign_text_is_cut_to_its_length(text: str, most: int) -> None:
    """Before it is escaped, so that no entity is cut in two."""
    assert len(one_line(text, most)) <= most
    assert not re.search(r"&\w*$", foreign(text, most))


def test_a_link_is_made_of_a_web_address() -> None:
    """Its label is foreign text."""
    assert link("https://x.io/a?b=1&c=2", "a <b>|c") == "<https://x.io/a?b=1&amp;c=2|a &lt;b&gt;¦c>"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "javascript:alert(1)",
        "https://x.io/a|b>",
        "https://x.io/ a",
        "//x.io",
        "https://",
        "https://[",
        "https://x.io/" + "a" * LONGEST_URL,
    ],
)
def test_what_is_no_web_address_is_not_linked(url: str) -> None:
    """The label stays as text."""
    assert link(url, "run") == "run"
