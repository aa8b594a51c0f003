"""What is quickly made is the frozen dataclass that it looks like: same arguments, same refusals, same copies."""

from __future__ import annotations

import copy
import inspect
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace

import pytest

from pricing.engine.making import maker, quickly_made


@quickly_made
@dataclass(frozen=True, slots=True)
class Step:
    """A value with every sort of default."""

    name: str
    height: int = 3
    marks: dict[str, int] = field(default_factory=dict)
    note: str | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.height < 0:
            raise ValueError("a step goes up")


def test_fields_are_set_by_place_by_name_and_by_default() -> None:
    assert repr(Step("a", 4, {"x": 1})) == "Step(name='a', height=4, marks={'x': 1})"
    assert repr(Step(height=5, name="b")) == "Step(name='b', height=5, marks={})"
    assert list(inspect.signature(Step).parameters) == [x.name for x in fields(Step)]


def test_a_default_that_is_made_is_made_anew_each_time() -> None:
    first, second = Step("a"), Step("a")
    first.marks["x"] = 1
    assert second.marks == {}


WRONG = {
    "a field is missing": ((), {}),
    "a field is unknown": (("a",), {"depth": 1}),
    "a field is given twice": (("a",), {"name": "b"}),
    "there is one too many": (("a", 1, {}, None, 5), {}),
}


@pytest.mark.parametrize(("given", "named"), WRONG.values(), ids=WRONG.keys())
def test_wrong_arguments_are_refused(given: tuple[object, ...], named: dict[str, object]) -> None:
    with pytest.raises(TypeError):
        Step(*given, **named)  # type: ignore[arg-type]


@pytest.mark.parametrize(("given", "named"), WRONG.values(), ids=WRONG.keys())
def test_its_maker_refuses_the_same(given: tuple[object, ...], named: dict[str, object]) -> None:
    with pytest.raises(TypeError):
        maker(Step)(*given, **named)  # type: ignore[arg-type]


def test_its_maker_makes_the_same() -> None:
    made, again = maker(Step)("a", 4, note="kept"), maker(Step)("a", 4)
    assert (made, type(made), made.note) == (Step("a", 4), Step, "kept")
    assert made.marks is not again.marks
    with pytest.raises(FrozenInstanceError):
        made.height = 5  # type: ignore[misc]


def test_what_is_checked_when_it_is_made_is_checked() -> None:
    with pytest.raises(ValueError, match="a step goes up"):
        Step("a", -1)
    with pytest.raises(ValueError, match="a step goes up"):
        maker(Step)("a", -1)
    with pytest.raises(ValueError, match="a step goes up"):
        replace(Step("a"), height=-1)


def test_it_is_frozen_and_equal_by_its_fields() -> None:
    made = Step("a")
    with pytest.raises(FrozenInstanceError):
        made.height = 4  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        del made.height
    assert type(made) is Step
    assert made == Step("a", note="other")
    assert made != replace(made, height=4)


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))], ids=["copy", "deepcopy", "pickle"]
)
def test_copies_are_the_same(copied) -> None:  # type: ignore[no-untyped-def]
    made = Step("a", 4, {"x": 1}, "kept")
    again = copied(made)
    assert (again, again.note, type(again)) == (made, "kept", Step)
