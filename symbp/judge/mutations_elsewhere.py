"""Which tensors of the network one of a part may be taken for."""

from __future__ import annotations

from symbp.judge.evaluate import ELSEWHERE
from symbp.judge.evaluate_network import Chain
from symbp.judge.evaluate_parts import Part
from symbp.judge.mutations_right import Elsewhere

NEAR = 4  # tensors of the same shape


def elsewhere(chain: Chain, part: Part) -> Elsewhere:
    """For inputs and parameters, tensors near by in the network with the same shape: first those of
    the layer that an input comes from."""
    return {local: tuple(_like(chain, part, local)) for local in part.outside}


def _like(chain: Chain, part: Part, local: str) -> list[str]:
    layers = [p for p in chain.parts if p.kind == "layer" and p.levels == part.levels]
    order = {p.id: k for k, p in enumerate(layers)}
    here, maker = order.get(part.id, 0), part.names[local]
    layers.sort(key=lambda p: (p.id != maker, abs(order[p.id] - here), order[p.id]))
    shape = part.unit.shape_of(part.unit.letters[local])
    parameter = local in part.unit.parameters
    own, found = set(part.names.values()), []
    for other in layers:
        hidden = {k.back for k in other.unit.links}
        for name, letters in sorted(other.unit.letters.items()):
            kind = name in other.unit.parameters
            tensor = other.names.get(name, "")
            if kind == parameter and name not in hidden and tensor not in own:
                if other.unit.shape_of(letters) == shape and len(shape):
                    own.add(tensor)
                    found.append(f"{ELSEWHERE}{other.id}:{name}")
    return found[:NEAR]
