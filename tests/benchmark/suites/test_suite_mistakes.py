"""A mistake in a suite is one line that says where it is, what was expected and what was found."""

import dataclasses
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saltbench.benchmark.suites import suite as module
from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import Suite, load_suite
from saltbench.errors import ParameterError, SaltbenchError, UnknownNameError

REGISTRIES = load_registries()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("task = ['*']", r"unknown key 'task'; did you mean 'tasks'\?$"),
        ("name = 'x'", r"unknown key 'name'"),
        ("references = ['oracle']", r"unknown key 'references'"),
        ("tasks = ['box/erlier']", r"unknown task 'box/erlier'; did you mean 'box/earlier'"),
        ("architectures = ['lsmt']", r"unknown architecture 'lsmt'; did you mean 'lstm'"),
        ("methods = ['salience']", r"unknown method 'salience'; did you mean 'saliency'"),
        ("metrics = ['roc']", r"unknown metric 'roc'"),
        ("[parameters.lstm]\nhiden = 3", r"unknown parameter of lstm 'hiden'; did you mean 'hidden'"),
        (
            "[parameters.smothgrad]\nnoise_samples = 3",
            r"unknown entry in parameters 'smothgrad'; did you mean 'smoothgrad'",
        ),
        ("[training]\nepoch = 3", r"unknown parameter of training 'epoch'; did you mean 'epochs'"),
    ],
)
def test_unknown_names(load, text, message):
    with pytest.raises(UnknownNameError, match=message) as raised:
        load(text)
    assert re.match(r"suite .*mine\.toml, line \d+: ", str(raised.value))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tasks = 'box/earlier'", r"tasks must be a list of names or patterns, got 'box/earlier'$"),
        ("methods = [1]", r"methods must be a list of names or patterns, got 1 in it$"),
        ("tasks = []", r"tasks must hold at least one name or pattern, got an empty list$"),
        ("architectures = []", r"architectures must hold at least one name or pattern, got an empty list$"),
        ("metrics = []", r"metrics must hold at least one name or pattern, got an empty list$"),
        ("description = 3", r"description must be text, got 3$"),
        ("seeds = 0", r"seeds must be a whole number of at least 1, got 0$"),
        ("seeds = 2.0", r"seeds must be a whole number of at least 1, got 2\.0$"),
        ("seeds = true", r"seeds must be a whole number of at least 1, got True$"),
        ("seeds = '3'", r"seeds must be a whole number of at least 1, got '3'$"),
        ("samples = -1", r"samples must be a whole number of at least 1, got -1$"),
        ("samples = [1]", r"samples must be a whole number of at least 1, got \[1\]$"),
        ("target = 'label'", r"target must be one of true, predicted, got 'label'$"),
        ("target = true", r"target must be one of true, predicted, got True$"),
        ("output = 'softmax'", r"output must be one of logit, probability, got 'softmax'$"),
        ("training = 3", r"training must be a table, got 3$"),
        ("[training]\nepochs = 0", r"training needs epochs >= 1, got 0$"),
        ("[training]\nepochs = 1.5", r"training: parameter epochs must be int \(default 400\), got 1\.5$"),
        ("[training]\nlearning_rate = 0", r"training needs learning_rate > 0 and tolerance >= 0, got 0 and 0\.001$"),
        ("[training]\nlearning_rate = inf", r"training: parameter learning_rate must be made of finite numbers"),
        ("[training]\npatience = true", r"training: parameter patience must be int"),
        ("parameters = 3", r"parameters must be a table, got 3$"),
        ("parameters.lstm = 3", r"lstm must be a table, got 3$"),
        ("parameters.lstm.hidden = '5'", r"lstm: parameter hidden must be int \(default 5\), got '5'$"),
        ("parameters.lstm.dropout = nan", r"lstm: parameter dropout must be made of finite numbers"),
        (
            "parameters.'box/earlier'.layouts = [[[1979-05-27]]]",
            r"box/earlier: parameter layouts must be made of finite numbers, text",
        ),
        ("seeds = 3\ntasks = [", r"suite .*mine\.toml, line 2: not valid TOML: .*\(at .*\)$"),
        ("seeds = 3\nsamples == 3", r"mine\.toml, line 2: not valid TOML: .*\(at line 2, column 10\)$"),
        ("seeds = 3\nseeds = 4\n", r"mine\.toml, line 2: not valid TOML: Cannot overwrite a value \(at line 2"),
    ],
)
def test_wrong_values(load, text, message):
    with pytest.raises(ParameterError, match=message) as raised:
        load(text)
    assert re.match(r"suite .*mine\.toml, line \d+: ", str(raised.value))
    assert "\n" not in str(raised.value)


LINES = """# tasks = ["typo"]
description = '''
seeds = 0 '''
tasks = ["box/earlier"]  # and
methods = [
    "saliency",  # "typo"
    {method},
]
seeds = {seeds}
parameters.lstm = {{ hidden = 3, dropout = {dropout} }}

[parameters."box/earlier"]
train = 20
layouts = [
    [[0, 4, 2, 8]],
]
{parameter} = 20

[training]
# epoch = 3
epochs = {epochs}
"""
FINE = {"method": "'smoothgrad'", "seeds": "3", "dropout": "0.1", "parameter": "test", "epochs": "3"}


@pytest.mark.parametrize(
    ("wrong", "line", "message"),
    [
        ({"method": "'typo'"}, 7, "unknown method 'typo'"),
        ({"method": "7"}, 7, "methods must be a list of names or patterns, got 7 in it"),
        ({"method": "'a\\nb'"}, 7, "unknown method"),
        ({"method": '"a\\nb\\u001b[2J"'}, 7, r"unknown method 'a\nb\x1b[2J'"),
        ({"seeds": "0"}, 9, "seeds must be a whole number of at least 1, got 0"),
        ({"dropout": "'high'"}, 10, "lstm: parameter dropout must be float (default 0.1), got 'high'"),
        ({"parameter": "tast"}, 17, "unknown parameter of box/earlier 'tast'; did you mean 'test'"),
        ({"epochs": "0"}, 21, "training needs epochs >= 1, got 0"),
        ({"seeds": "="}, 9, "not valid TOML: Invalid value (at line 9, column 9)"),
    ],
)
def test_messages_name_the_line(load, wrong, line, message):
    assert load(LINES.format(**FINE)).seeds == 3
    with pytest.raises(SaltbenchError, match=rf"^suite .*mine\.toml, line {line}: {re.escape(message)}") as raised:
        load(LINES.format(**{**FINE, **wrong}))
    assert str(raised.value).isprintable()


def test_overrides_have_no_line_and_name_the_option(load):
    with pytest.raises(UnknownNameError, match=r"mine\.toml, --methods: unknown method 'typo'"):
        load('methods = ["other-typo"]', {"methods": ["typo"]})
    with pytest.raises(ParameterError, match=r"mine\.toml, line 1: seeds must be"):
        load("seeds = 0", {"methods": ["saliency"]})


def test_a_bundled_suite_with_a_mistake_says_its_line(monkeypatch, tmp_path):
    folder = tmp_path / "bundled"
    folder.mkdir()
    (folder / "quick.toml").write_text('seeds = 1\ntasks = ["box"]\n')
    monkeypatch.setattr(module.resources, "files", lambda _package: tmp_path)
    with pytest.raises(UnknownNameError, match=r"^suite quick, line 2: unknown task 'box'"):
        load_suite("quick", REGISTRIES)


def test_parameters_of_an_entry_that_is_left_out_are_checked_too(load):
    with pytest.raises(UnknownNameError, match=r"line 3: unknown parameter of lstm 'hiden'"):
        load('architectures = ["bi-lstm"]\n[parameters.lstm]\nhiden = 3')


@pytest.mark.parametrize("value", ["[" * 100_000, "1" * 5000], ids=["brackets", "digits"])
def test_what_the_parser_gives_up_on(load, value):
    with pytest.raises(ParameterError, match=r"^suite .*mine\.toml cannot be read as TOML: .+") as raised:
        load(f"tasks = {value}")
    assert str(raised.value).isprintable()


KEYS = [*(field.name for field in dataclasses.fields(Suite)), "parameters", "other", "'a\t.b'"]
SCALARS = ["0", "3", "-1", "2.5", "nan", "inf", "true", "'true'", "'logit'", "'*'", '"a\\nb"', "1979-05-27", "''"]
VALUES = st.recursive(
    st.sampled_from(SCALARS),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.dictionaries(
            st.sampled_from(["lstm", "hidden", "epochs", "'box/earlier'", "train"]), inner, max_size=3
        ).map(lambda table: f"{{{', '.join(f'{key} = {value}' for key, value in table.items())}}}")
    ),
    max_leaves=5,
)


@given(content=st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=4))
def test_any_content_is_a_suite_or_one_line_with_its_place(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_text("".join(f"{key} = {value}\n" for key, value in content.items()), "utf-8")
    try:
        message = f"suite {load_suite(str(path), REGISTRIES).name}.toml, line 1: none"
    except SaltbenchError as error:
        message = str(error)
    found = re.match(r"suite .*any\.toml, line (\d+): ", message)
    assert found
    assert 1 <= int(found[1]) <= max(1, len(content))
    assert message.isprintable()


def test_an_unknown_suite_comes_with_near_matches():
    expected = r"^unknown suite 'tabel1'; did you mean 'table1'\? \(or give the path of a \.toml file\)$"
    with pytest.raises(UnknownNameError, match=expected):
        load_suite("tabel1", REGISTRIES)


def test_a_missing_file(tmp_path):
    with pytest.raises(ParameterError, match=r"absent\.toml cannot be read: No such file or directory; check the"):
        load_suite(str(tmp_path / "absent.toml"), REGISTRIES)


def test_a_folder_in_place_of_a_file(tmp_path):
    (tmp_path / "folder.toml").mkdir()
    with pytest.raises(ParameterError, match=r"folder\.toml cannot be read: Is a directory; check the path$"):
        load_suite(str(tmp_path / "folder.toml"), REGISTRIES)


def test_a_file_that_is_not_utf8(tmp_path):
    (tmp_path / "latin.toml").write_bytes("description = 'é'".encode("latin-1"))
    with pytest.raises(ParameterError, match=r"latin\.toml is not UTF-8 text: .*; save it as UTF-8$"):
        load_suite(str(tmp_path / "latin.toml"), REGISTRIES)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("samples = 5\n[seeds]\ndata = 2\ntrainnig = 3", "line 4: unknown key in seeds 'trainnig'; did you mean 'tra"),
        ("[seeds]\n\ndata = 0", "line 3: data must be a whole number of at least 1, got 0"),
        ("seeds = { data = true }", "line 1: data must be a whole number of at least 1, got True"),
        ("seeds = [2]", r"line 1: seeds must be a whole number of at least 1, got \[2\]"),
    ],
)
def test_mistakes_in_crossed_seeds(load, text, message):
    with pytest.raises(SaltbenchError, match=message):
        load(text)
