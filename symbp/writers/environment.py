"""The templates: found beside the package in a checkout, inside it in a wheel."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import jinja2

PACKAGE = Path(__file__).resolve().parent.parent
PLACES = (PACKAGE / "_templates", PACKAGE.parent / "templates")


@cache
def environment() -> jinja2.Environment:
    """Layout only: undefined names are errors, and nothing is escaped (lines arrive finished)."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader([str(place) for place in PLACES if place.is_dir()]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )


def render(template: str, **sections: object) -> str:
    """Fill in one template."""
    return environment().get_template(template).render(**sections)
