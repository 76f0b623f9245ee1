"""Families: all combinations of named parts, and what of them does not fit together."""

from typing import Any

import pytest

from saltbench.entry import Entry
from saltbench.errors import ParameterError, UnknownNameError
from saltbench.family import Family, Variant, members_of

LOUD = Variant({"volume": 11}, "loud", ("noisy",))


def template(name: str = "song/{key}/{mood}", **changes: Any) -> Entry:
    stated = {"description": "a {mood} song in {key}", "reference": "r", "factory": "songs:{mood}_song"}
    parameters = {"volume": 1, "key": "c", "bars": 8}
    return Entry(name=name, version=3, parameters=parameters, tags=("sung",), **{**stated, **changes})


SONGS = Family(
    template(),
    {
        "key": {"c": Variant({"key": "c"}), "f-sharp": Variant({"key": "f#"}, words="F♯")},
        "mood": {"calm": Variant(), "loud": LOUD},
    },
)


def test_members_are_all_combinations_the_last_part_changing_fastest() -> None:
    members = list(SONGS.members())
    assert [member.name for member in members] == [
        "song/c/calm",
        "song/c/loud",
        "song/f-sharp/calm",
        "song/f-sharp/loud",
    ]
    assert len(SONGS) == len(members)


def test_a_member_is_the_template_with_its_variants_filled_in() -> None:
    loud = list(SONGS.members())[3]
    assert loud == Entry(
        name="song/f-sharp/loud",
        version=3,
        description="a loud song in F♯",
        reference="r",
        factory="songs:loud_song",
        parameters={"volume": 11, "key": "f#", "bars": 8},
        tags=("sung", "noisy"),
    )


def test_a_factory_that_is_a_function_is_that_of_every_member() -> None:
    family = Family(template("n/{size}", description="d", factory=len), {"size": {"one": Variant(), "two": Variant()}})
    assert [member.factory for member in family.members()] == [len, len]


def test_a_name_with_dashes_names_a_function_with_underscores() -> None:
    family = Family(template("n/{way}", description="d", factory="module:by_{way}"), {"way": {"two-way": Variant()}})
    assert next(family.members()).factory == "module:by_two_way"


def test_families_stand_among_entries_in_their_places() -> None:
    first, last = template("a", factory="m:f"), template("z", factory="m:f")
    names = [entry.name for entry in members_of([first, SONGS, last])]
    assert names == ["a", "song/c/calm", "song/c/loud", "song/f-sharp/calm", "song/f-sharp/loud", "z"]


@pytest.mark.parametrize(
    ("family", "message"),
    [
        (
            Family(template(), {"key": {"c": Variant()}}),
            r"^family song/{key}/{mood}: each part must stand in braces in",
        ),
        (
            Family(template("song"), {"key": {"c": Variant()}}),
            r"in its name once, got the parts key; correct one of the",
        ),
        (Family(template("{key}/{key}"), {"key": {"c": Variant()}}), "must stand in braces in its name once"),
        (Family(template("{key"), {"key": {"c": Variant()}}), "must stand in braces in its name once"),
        (Family(template("{}"), {"": {"c": Variant()}}), r"braces must name one of its parts"),
        (Family(template("song"), {}), "got the parts none; correct one of the two$"),
        (Family(template("{key}"), {"key": {}}), r"^family {key}: part key needs at least one variant, got none$"),
        (
            Family(template("{key}", description="{mood}", factory=len), {"key": {"c": Variant()}}),
            r"^family {key}: braces must name one of its parts, key, got '{mood}'$",
        ),
        (
            Family(template("{key}", description="d", factory="songs:{mood}"), {"key": {"c": LOUD}}),
            r"braces must name one of its parts, key, got 'songs:{mood}'$",
        ),
        (
            Family(template("{key}/{mood}"), {"key": {"c": LOUD}, "mood": {"loud": LOUD}}),
            r"^family {key}/{mood}: one part must set a parameter, got volume in key and mood$",
        ),
        (
            Family(template("{mood}", description="d", factory=len), {"mood": {"x": Variant({"volume": "11"})}}),
            r"{mood}: parameter volume must be int \(default 1\), got '11'",
        ),
    ],
)
def test_what_does_not_fit_together_is_one_line(family: Family[Entry], message: str) -> None:
    with pytest.raises(ParameterError, match=message) as caught:
        list(family.members())
    assert "\n" not in str(caught.value)


def test_a_parameter_that_the_template_lacks_comes_with_near_matches() -> None:
    family = Family(template("{mood}", description="d", factory=len), {"mood": {"x": Variant({"volumes": 11})}})
    with pytest.raises(UnknownNameError, match=r"unknown parameter of {mood} 'volumes'; did you mean 'volume'"):
        list(family.members())


def test_further_names_of_members_are_made_of_those_of_their_variants() -> None:
    mood = {"calm": Variant(aliases=("quiet",)), "loud": LOUD}
    family = Family(template(), {"key": {"c": Variant(aliases=("do", "ut"))}, "mood": mood})
    calm, loud = family.members()
    assert calm.aliases == ("song/c/quiet", "song/do/calm", "song/do/quiet", "song/ut/calm", "song/ut/quiet")
    assert loud.aliases == ("song/do/loud", "song/ut/loud")
