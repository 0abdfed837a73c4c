# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Reading gin files: what is refused, and how it is said."""

from __future__ import annotations

import gin
import pytest

from vito_tf import configuration


@gin.configurable
class Engine:
    def __init__(
        self, power: int = 1, name: str | None = None, speed: float = 1.0, on: bool = False
    ):
        if power < 0:
            raise ValueError("The power is too low.\nGive more.")
        self.power, self.name, self.speed = power, name, speed


@pytest.mark.parametrize(
    ("bindings", "message"),
    [
        (["Engin.power = 1"], r"No configurable matching 'Engin'"),
        (["Engine.pover = 1"], r"doesn't have a parameter named 'pover'"),
        (["Engine.power = "], r"The gin configuration cannot be used"),
        (
            ["POWER = 2", "POVER = 3", "Engine.power = %POWER"],
            r"refers to POVER \(nearest: POWER\)",
        ),
        (["POWER = %gin.REQUIRED", "Engine.power = %POWER"], r"^POWER must be given.*gin_params"),
        (["Engine.power = %gin.REQUIRED"], r"^Engine.power must be given"),
        (["Engine.power = 'much'"], r"^Engine.power must be of type int, not 'much'"),
        (["Engine.power = 1.5"], r"^Engine.power must be of type int, not 1.5"),
        (["Engine.power = True"], r"^Engine.power must be of type int, not True"),
        (["N = 3", "fast/Engine.name = %N"], r"^fast/Engine.name must be of type str, not 3"),
        (["Engine.speed = '2'"], r"^Engine.speed must be of type float"),
        (["Engine.power = @nothing"], r"nothing"),
    ],
)
def test_a_wrong_binding_is_one_line_that_names_it(bindings, message):
    with pytest.raises(configuration.ConfigurationError, match=message) as caught:
        configuration.parse([], bindings)
    assert "\n" not in str(caught.value)


def test_right_types_pass():
    configuration.parse(
        [], ["Engine.power = 2", "Engine.name = None", "Engine.speed = 3", "Engine.on = True"]
    )
    assert Engine().power == 2
    configuration.check_all_used()


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(configuration.ConfigurationError, match=r"--gin_file names 'no.gin'"):
        configuration.parse(["no.gin"], [])
    outer = tmp_path / "outer.gin"
    outer.write_text("# first\ninclude 'gin_configs/no.gin'\n")
    with pytest.raises(configuration.ConfigurationError, match=r"outer.gin, line 2, names"):
        configuration.parse([str(outer)], [])


def test_files_are_found_from_any_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.gin").write_text(
        "include 'gin_configs/models/engine.gin'\nEngine.power = 3\n"
    )
    (tmp_path / "gin_configs/models").mkdir(parents=True)
    (tmp_path / "gin_configs/models/engine.gin").write_text("Engine.power = 2\nEngine.speed = 4\n")
    configuration.parse(["mine.gin"], [])
    assert (Engine().power, Engine().speed) == (3, 4)


def test_a_binding_that_nothing_used_is_refused_with_the_nearest_in_use():
    configuration.parse([], ["Engine.power = 2", "slow/Engine.speed = 3"])
    Engine()
    with pytest.raises(configuration.ConfigurationError, match=r"slow/Engine.speed \(nearest in"):
        configuration.check_all_used()
    configuration.check_all_used(inactive_scopes=["slow"])
    with gin.config_scope("slow"):
        Engine()
    configuration.check_all_used()


def test_a_binding_counts_as_used_where_a_scope_inherits_it_but_not_where_all_override_it():
    configuration.parse([], ["Engine.power = 2", "Engine.speed = 1", "slow/Engine.speed = 3"])
    with gin.config_scope("slow"):
        assert (Engine().power, Engine().speed) == (2, 3)
    message = r"does not use: Engine.speed \(nearest in use: [\w/.]+\)\.$"
    with pytest.raises(configuration.ConfigurationError, match=message):
        configuration.check_all_used()


def test_difference_shows_what_changed():
    saved, asked = "Engine.power = 1\nEngine.speed = 2\n", "Engine.power = 3\nEngine.speed = 2\n"
    assert configuration.difference(saved, asked).split() == (
        ["-Engine.power", "=", "1", "+Engine.power", "=", "3"]
    )
    assert configuration.difference(saved, saved) == ""


def test_message_leaves_out_the_calls_that_gin_adds():
    with pytest.raises(ValueError, match="In call to configurable") as caught:
        Engine(power=-1)
    assert configuration.message(caught.value) == "The power is too low.\nGive more."
    assert configuration.as_user_error(caught.value) is None
