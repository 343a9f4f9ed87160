"""Work done abreast comes to the same as work done alone."""

from __future__ import annotations

import pytest

from maild.abreast import Steps, abreast, alone


def counted(name: str, steps: int, told: list[str]) -> Steps[str]:
    for step in range(steps):
        told.append(f"{name}{step}")
        yield
    return f"{name} took {steps}"


def test_each_step_is_done_for_all_before_the_next_one() -> None:
    told: list[str] = []
    abreast([counted("a", 2, told), counted("b", 2, told)])
    assert told == ["a0", "b0", "a1", "b1"]


def test_work_of_any_length_comes_to_what_it_comes_to_alone_in_the_order_in_which_it_was_given() -> None:
    lengths = {"a": 3, "b": 0, "c": 1, "d": 3}
    together = abreast([counted(name, steps, []) for name, steps in lengths.items()])
    assert together == [alone(counted(name, steps, [])) for name, steps in lengths.items()]
    assert abreast([]) == []


def test_what_one_piece_of_work_raises_ends_all() -> None:
    def failing() -> Steps[str]:
        yield
        raise ValueError("no")

    told: list[str] = []
    with pytest.raises(ValueError, match="no"):
        abreast([failing(), counted("a", 5, told)])
    assert told == ["a0"]
