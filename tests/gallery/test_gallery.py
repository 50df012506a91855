"""Every block of the page on the formula language, in a network: its gradients are right."""

from __future__ import annotations

import pytest

from tests.gallery.cases import CASES, built
from tests.gallery.page import examples, gallery


def test_the_gallery_and_its_tests_hold_the_same() -> None:
    assert [*examples(), *gallery()] == [*CASES]
    assert len(gallery()) >= 24


@pytest.mark.parametrize("title", CASES)
def test_gradients_are_those_of_finite_differences_and_the_complex_step(title: str) -> None:
    report = built(title)[0].verify()
    assert report.ok, f"{title}\n{report}"
    assert report.rows and None not in [row.complex_step for row in report.rows], str(report)
