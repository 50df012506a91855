"""The lecture page as a notebook shows it: inside a frame, with nothing loaded from anywhere."""

from __future__ import annotations

from html import escape

from symbp.lecture.page import Network, page

FRAME = (
    '<iframe title="{title}" srcdoc="{page}" sandbox="allow-scripts" '
    'style="width: 100%; height: 720px; border: 1px solid #8884"></iframe>'
)


def framed(network: Network, lang: str = "en") -> str:
    """HTML for a notebook's output; the frame runs the page's own scripts and reaches nothing else.

    Raises InputError where the network's data cannot be read or do not fit it.
    """
    title = escape(network.program.graph.spec.name)
    return FRAME.format(title=title, page=escape(page(network, lang)))
