"""``rbcl-lite methods``: what there is to choose from."""

from __future__ import annotations

from dataclasses import dataclass

from rbcl_lite.commands.output import say
from rbcl_lite.commands.recipes import cost, load_recipe, names
from rbcl_lite.experiments.settings import SETTINGS, VARIANTS
from rbcl_lite.learners import LEARNERS
from rbcl_lite.methods import METHODS


@dataclass
class Methods:
    """List methods and their variants, learners, settings and recipes."""

    def run(self) -> None:
        """Print the lists."""
        for title, table in (("methods", METHODS), ("learners", LEARNERS)):
            say(title)
            for name, part in table.items():
                say(f"  {name:16s}{(part.__doc__ or '').splitlines()[0]}")
        say("variants, methods with other options than their own")
        for name, (method, options) in VARIANTS.items():
            say(f"  {name:22s}{method}, {', '.join(f'{key}={value}' for key, value in options.items())}")
        say("settings")
        for name, text in SETTINGS.items():
            say(f"  {name:28s}{text}")
        say("recipes")
        for name in names():
            recipe = load_recipe(name)
            say(f"  {name:28s}{recipe.values['about']}; {cost(recipe)}")
