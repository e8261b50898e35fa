import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from promokit.github.escape import escape_data, escape_property, markdown_escape, output_block, plain

JOINER = "\N{WORD JOINER}"
PRINTED = [
    "::",
    "##[",
    "add-mask",
    "%0A",
    "@here",
    "#1",
    "|",
    "`",
    "<b>",
    "](",
    "http://x",
    "www.x.y",
    "a@b.io",
    "*",
    "_",
    "\\",
    "&lt;",
    "-",
    "1.",
    "GH-1",
]
PIECES = st.sampled_from([*PRINTED, " ", "\n", "\r", "\x1b[31m", "\u2028", "\u202e", "\x00"])
FOREIGN = st.text(max_size=60) | st.lists(PIECES, max_size=12).map("".join)


def test_data_and_properties_are_escaped_as_the_runner_unescapes() -> None:
    """The percent sign first, or nothing could be told back."""
    assert escape_data("100%\r\nnext, ok: yes") == "100%25%0D%0Anext, ok: yes"
    assert escape_property("a,b:c%\n") == "a%2Cb%3Ac%25%0A"


def test_a_line_that_would_command_the_runner_is_made_harmless() -> None:
    """A log may begin a line with a command of either form; nothing else of it changes."""
    assert plain("ok\n  ::stop-commands::x") == f"ok\n  :{JOINER}:stop-commands::x"
    assert plain("see ##[error]x") == f"see ##{JOINER}[error]x"
    assert plain("a::b and C++ ## heading\tx") == "a::b and C++ ## heading\tx"


@given(FOREIGN)
def test_no_foreign_text_commands_the_runner_or_the_terminal(text: str) -> None:
    """The runner looks at the start of each trimmed line for `::`, and anywhere for `##[`."""
    lines = re.split(r"[\n\r\v\f\x85\u2028\u2029]", plain(text))
    assert not [line for line in lines if line.lstrip().startswith("::") or "##[" in line]
    assert all(char.isprintable() or char in "\n\t" or char == JOINER for char in plain(text))


@given(FOREIGN)
def test_foreign_text_in_a_summary_stays_text(text: str) -> None:
    """A Markdown renderer gives back one paragraph with the text itself."""
    renderer = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    rendered = renderer.render("x " + markdown_escape(text)).strip()
    assert "\n" not in rendered
    shown = html.unescape(rendered.removeprefix("<p>").removesuffix("</p>"))
    assert re.sub(r"<[^>]*>", "", rendered.removeprefix("<p>").removesuffix("</p>")) == rendered[3:-4]
    assert shown.replace(JOINER, "") == ("x " + " ".join(plain(text).replace(JOINER, "").split())).strip()


@given(FOREIGN)
def test_nothing_in_a_summary_mentions_or_links(text: str) -> None:
    """GitHub looks for these after the Markdown is parsed, so the characters themselves are parted."""
    shown = html.unescape(markdown_escape(text))
    assert not re.search(r"(?i)@\w|#\w|://|\bwww\.|\bGH-\d", shown)


def test_a_summary_s_cell_stays_one_cell() -> None:
    """No pipe and no line break in a table."""
    assert not set(markdown_escape("a | b\nc")) & {"|", "\n"}


@given(FOREIGN)
def test_an_output_s_value_comes_back_whole(value: str) -> None:
    """Read as the runner reads it: from the delimiter's line to the line that is the delimiter."""
    block = output_block("digest", value, "end-of-value")
    first, _, rest = block.partition("\n")
    assert first == "digest<<end-of-value"
    assert rest == f"{value}\nend-of-value\n"


@pytest.mark.parametrize(
    ("name", "value", "delimiter"),
    [
        ("digest", "x\nEND\ny=z", "END"),
        ("a=b", "x", "END"),
        ("", "x", "END"),
        ("a\nb", "x", "END"),
        ("a", "x", ""),
        ("a", "x", "E\nD"),
    ],
)
def test_an_output_that_could_set_another_is_an_error(name: str, value: str, delimiter: str) -> None:
    """Neither a value that ends its block nor a name that begins another."""
    with pytest.raises(ValueError, match=r"name|delimiter"):
        output_block(name, value, delimiter)
