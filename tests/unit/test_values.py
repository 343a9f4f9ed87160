"""A value that is made anew differs in what was named, and in nothing else."""

from __future__ import annotations

import dataclasses
import pickle
from dataclasses import dataclass

import pytest

from maild.desk import Agent, AgentId
from maild.ticket import Party, Role
from maild.values import replace

ANN = Agent(AgentId("ann"), "Ann Lee", "Ann@desk.example", level=2)
LUC = Party(3, "luc@shop.example", "Luc", Role.CC, proven=True)


@dataclass(frozen=True, slots=True)
class Word:
    text: str


def test_what_is_named_changes_and_all_else_stays() -> None:
    made = replace(LUC, role=Role.REQUESTER, kept=True)
    assert made == Party(3, "luc@shop.example", "Luc", Role.REQUESTER, proven=True, kept=True)
    assert made == dataclasses.replace(LUC, role=Role.REQUESTER, kept=True)
    assert LUC.role is Role.CC


def test_what_follows_from_the_rest_follows_from_what_is_new() -> None:
    assert replace(ANN, email="Ann.Lee@desk.example").addresses == {"ann.lee@desk.example"}


def test_a_value_of_one_word() -> None:
    assert replace(Word("a"), text="b") == Word("b")


def test_a_value_is_made_anew_of_nothing_that_it_has_not() -> None:
    with pytest.raises(KeyError):
        replace(ANN, addresses=frozenset({"eve@desk.example"}))  # it is made of the others


def test_equal_values_are_one_key_wherever_they_were_made() -> None:
    assert {LUC: "here"}[pickle.loads(pickle.dumps(LUC))] == "here"
    assert replace(LUC, number=4) != LUC
