"""Commands for copying: one printable line, and the same words in a shell."""

import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saltbench.benchmark.formats.html.rerun_commands import Commands
from saltbench.benchmark.style.numbers import one_line
from saltbench.benchmark.style.shell import command, quoted

HOSTILE = [
    "",
    "-a b",
    "it's $HOME `id` \\",
    "a\x1b[201~\nrm -rf .\n",
    "\x1b]52;c;aGk=\x07'\\777",
    "box\u202e/\u2066é",
    "\udcff1",
    "\n",
]


@pytest.mark.parametrize("word", HOSTILE)
def test_a_shell_reads_the_word_that_was_written(word):
    if not (bash := shutil.which("bash")):
        pytest.skip("no bash here, and older shells lack the quotes of POSIX 2024")
    found = subprocess.run([bash, "-c", f"printf %s {quoted(word)}"], capture_output=True, check=True).stdout
    assert found == word.encode("utf-8", "surrogateescape")


@given(st.lists(st.text()))
def test_every_command_is_one_printable_line(words):
    assert command(words).isprintable()


def test_plain_words_are_quoted_as_everywhere():
    assert command(["saltbench", "run", "a b", "box/latter"]) == "saltbench run 'a b' box/latter"


def test_commands_of_the_page_have_no_control_characters():
    commands = Commands(HOSTILE[3], None)
    assert commands.whole().isprintable()
    assert commands.row(HOSTILE[4], HOSTILE[5], "-\x1b", 1).isprintable()


def test_tables_for_readers_show_no_change_of_direction():
    assert one_line("a\u202eb\u2066c\x1bd\u200de") == "a\ufffdb\ufffdc\ufffdd\u200de"
