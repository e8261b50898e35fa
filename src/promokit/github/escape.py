"""How text is written so that the runner, a summary or an output file takes it as text. Pure.

Rules: https://docs.github.com/actions/reference/workflow-commands-for-github-actions, and what it
leaves out: actions/runner, ActionCommand.cs (the escapes, where a command may start).
"""

from __future__ import annotations

import re

_COMMAND = re.compile(r"^(\s*)::", re.MULTILINE)
_OLD_COMMAND = re.compile(r"##(?=\[)")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_MARKUP = re.compile(r"[\\`*_{}\[\]()<>#+!|~&$:@./-]")
_LINKED = re.compile(r"[@#]|:(?=//)|\bwww(?=\.)|\bGH(?=-[0-9])", re.IGNORECASE)
_WORD_JOINER = "\u2060"


def escape_data(text: str) -> str:
    """Text after the `::` of a workflow command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def escape_property(text: str) -> str:
    """The value of a workflow command's property (`title=…`)."""
    return escape_data(text).replace(":", "%3A").replace(",", "%2C")


def output_block(name: str, value: str, delimiter: str) -> str:
    """The lines of GITHUB_OUTPUT that set `name`. ValueError: bad name, or the value could end it."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!a} can't be the name of an output")
    if not delimiter or delimiter in value or any(char in delimiter for char in "\r\n"):
        raise ValueError("the delimiter is in the value")
    return f"{name}<<{delimiter}\n{value}\n{delimiter}\n"


def plain(text: str) -> str:
    """Foreign text for a log: no control characters but line break and tab, no line that commands the runner.

    The runner finds `::` at the start of a line and `##[` anywhere; a word joiner breaks them unseen.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    printable = "".join(
        char if char in "\n\t" or char.isprintable() or char == _WORD_JOINER else "\ufffd" for char in lines
    )
    return _OLD_COMMAND.sub(f"##{_WORD_JOINER}", _COMMAND.sub(rf"\1:{_WORD_JOINER}:", printable))


def plain_line(text: str) -> str:
    """Foreign text as one line of a log, its runs of white space one space each."""
    return " ".join(plain(text).split())


def markdown_escape(text: str) -> str:
    """Foreign text for a job summary, on one line: no markup, HTML, table cell, link, mention or reference.

    Entities are plain text to the Markdown parser (GFM, 6.2). Mentions and addresses are looked for after
    parsing, when an entity is a character again: those a word joiner breaks.
    """
    one_line = _LINKED.sub(rf"\g<0>{_WORD_JOINER}", plain_line(text))
    return _MARKUP.sub(lambda match: f"&#{ord(match[0])};", one_line)
