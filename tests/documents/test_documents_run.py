"""Every code block of README, CONTRIBUTING and the site is pasted and run, document by document."""

import sys

import pytest
from pasting import Block, Reader, assert_same, blocks_of, documents, lay_out

# they run pytest, or suites; README and the shorter pages are run every time
LONG = ("architecture", "cluster", "method", "metric", "publish", "pytest", "run", "suite", "which-map")
SLOW = {"docs/concepts.md", "docs/getting-started.md", *(f"docs/how-to/{page}.md" for page in LONG)}


def parameter(document):
    return pytest.param(document, marks=[pytest.mark.slow] if document in SLOW else [], id=document)


@pytest.mark.parametrize("document", [parameter(document) for document in documents() if blocks_of(document)])
def test_blocks_run(document, tmp_path, monkeypatch):
    lay_out(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("COLUMNS", "140")
    known = set(sys.modules)
    reader = Reader(tmp_path)
    blocks = blocks_of(document)
    for block, following in zip(blocks, [*blocks[1:], None], strict=True):
        try:
            reader.paste(block, shown=following is not None and following.language == "text")
        except Exception as error:
            error.add_note(f"in the {block.language} block at {block.document}:{block.line}")
            raise
        finally:
            for name in set(sys.modules) - known:  # another document may have a file of the same name
                if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
                    del sys.modules[name]
    assert reader.tests_to_run == set(), "a page that shows a test goes on to run it"


def test_a_changed_output_is_noticed():
    with pytest.raises(AssertionError, match=r"\[0\.6\] == approx\(\[0\.5 "):
        assert_same("score 0.50", "score 0.60")
    with pytest.raises(AssertionError, match=r"'gru 0\.50' == 'lstm 0\.50'"):
        assert_same("lstm 0.50", "gru 0.50")
    assert_same("a 0.50\n…\nend", "a 0.51\nb\nc\nend")


def test_a_block_that_fails_is_noticed(tmp_path):
    with pytest.raises(AssertionError, match="unknown suite 'quik'"):
        Reader(tmp_path).paste(Block("x.md", 1, "sh", "", "saltbench run quik\n"), shown=False)
    with pytest.raises(AssertionError, match="unknown suite 'quik'"):
        Reader(tmp_path).paste(Block("x.md", 1, "sh", "", "saltbench run quik\n"), shown=True)
    with pytest.raises(AssertionError, match="exit status 0"):
        Reader(tmp_path).paste(Block("x.md", 1, "sh", "", "saltbench list tasks  # exit status 1\n"), shown=True)
    with pytest.raises(NameError, match="undefined"):
        Reader(tmp_path).paste(Block("x.md", 1, "python", "", "undefined\n"), shown=False)
