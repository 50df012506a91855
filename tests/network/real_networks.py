"""Images, sequences and attention where they are awkward: edges, one of a kind, and all at once."""

from __future__ import annotations

from typing import Any

from tests.layers.proved import Table, dense, formula
from tests.layers.proved import network as network_of
from tests.network.networks import CE, LAYERNORM, activation, merge, repeat, residual

MSE = {"type": "mse"}
SEQUENCE = (4, 3)  # t, d


def network(*layers: Table, **more: Any) -> Table:
    if "output" not in more:
        more.setdefault("loss", {"type": "formula", "formula": "(y - t)**2/2 + 0.3*y*t"})
    return network_of(*layers, **more)


def conv(filters: int, kernel: int, **more: Any) -> Table:
    return {"type": "conv1d", "filters": filters, "kernel": kernel, **more}


def conv2d(filters: int, kernel: int | list[int], **more: Any) -> Table:
    return {"type": "conv2d", "filters": filters, "kernel": kernel, **more}


def pool(kind: str, kernel: int | list[int], **more: Any) -> Table:
    return {"type": f"{kind}pool2d", "kernel": kernel, **more}


def recurrent(kind: str, units: int = 3, **more: Any) -> Table:
    return {"type": kind, "units": units, **more}


def attention(heads: int, **more: Any) -> Table:
    return {"type": "attention", "heads": heads, **more}


def embedding(dim: int, **more: Any) -> Table:
    return {"type": "embedding", "vocabulary": 6, "dim": dim, **more}


def sequence(text: str, **more: Any) -> Table:
    """A formula over (t, d) behind a dense layer, so that the gradient of its input is needed."""
    return network(dense(3), formula(text, **more), shape=SEQUENCE)


SAME = conv(3, 3, padding="same")
POSITIONAL = {"type": "positional"}

IMAGES: dict[str, Table] = {
    "repeat of one pixel": network(repeat(2, conv2d(3, 1, bias=False)), shape=(3, 4, 5)),
    "repeat of an image": network(repeat(2, conv2d(3, 3, padding="same")), shape=(3, 4, 5)),
    "repeat of a signal": network(repeat(2, SAME), shape=(3, 5)),
    "nested repeat": network(repeat(2, repeat(2, SAME)), shape=(3, 5)),
    "residual": network(dense(5), residual(SAME), shape=(3, 5)),
    "repeat of residual": network(repeat(2, residual(SAME)), shape=(3, 5)),
    "depthwise": network(conv2d(4, 2), conv2d(4, [2, 3], groups=4), shape=(2, 5, 6)),
    "groups": network(conv2d(6, 2, groups=2), shape=(4, 5, 6)),
    "groups with everything": network(
        conv2d(6, [3, 2], groups=2, padding=[1, 2], stride=[2, 3], dilation=[2, 1], bias=False),
        activation("tanh"),
        shape=(4, 7, 6),
    ),
    "kernel of the image's size": network(conv2d(3, [4, 5]), shape=(2, 4, 5)),
    "stride beyond the kernel": network(conv2d(3, 1, stride=3), shape=(2, 5, 7)),
    "stride with a rest": network(conv2d(3, 2, stride=3), conv2d(2, 1), shape=(2, 6, 7)),
    "repeat of a pool of one": network(conv2d(2, 1), repeat(2, pool("avg", 1)), shape=(2, 4, 5)),
    "windows within the padding": network(conv(3, 2, padding=4, stride=2), shape=(2, 5)),
    "overlapping pool": network(conv2d(2, 1), pool("max", 3, stride=1), shape=(2, 5, 6)),
    "pool with gaps": network(conv2d(2, 1), pool("max", 1, stride=2), shape=(2, 5, 6)),
    "mean with gaps": network(conv2d(2, 1), pool("avg", [2, 1], stride=[3, 2]), shape=(2, 5, 6)),
    "pool of all": network(conv2d(2, 1), pool("max", [5, 6]), shape=(2, 5, 6)),
    "two pools": network(conv2d(2, 1), pool("avg", 2, stride=1), pool("max", 2), shape=(2, 5, 6)),
    "share": network({**SAME, "name": "a"}, activation("tanh"), {**SAME, "share": "a"}, shape=(3, 5)),
    "share with another stride": network(
        {**SAME, "name": "a"}, activation("tanh"), conv(3, 3, stride=2, share="a"), shape=(3, 5)
    ),
    "share from outside a repeat": network(
        {**SAME, "name": "a"}, repeat(2, activation("tanh"), {**SAME, "share": "a"}), shape=(3, 5)
    ),
    "softmax of a signal": network(conv(3, 3, activation="softmax"), shape=(3, 5)),
    "classes": network(
        conv(3, 3), dense(2), {"type": "flatten"}, dense(3, "softmax"), shape=(3, 5), loss=CE
    ),
    "two readers": network(
        {**SAME, "name": "a"},
        {**SAME, "inputs": ["a"], "name": "b"},
        conv(3, 1, inputs=["a"], name="c"),
        merge("multiply", "b", "c"),
        shape=(2, 5),
    ),
}  # fmt: skip

PLACES: dict[str, Table] = {
    "one step back": sequence("y[n,t,d] = pad(x[n,t-1,d])"),
    "one step back, repeated": network(
        dense(3),
        repeat(2, formula("y[n,t,d] = g[d]*pad(x[n,t-1,d]) + x[n,t,d]", parameters={"g": ["d"]})),
        shape=SEQUENCE,
    ),
    "two back and one ahead": sequence("y[n,t,d] = pad(x[n,t-2,d]) + 2*pad(x[n,t+1,d])*x[n,t,d]"),
    "backwards": sequence("y[n,t,d] = x[n,size(t)-1-t,d]*x[n,t,d]"),
    "backwards, repeated": network(
        repeat(2, dense(3), formula("y[n,t,d] = x[n,size(t)-1-t,d] + 0*x[n,t,d]")), shape=SEQUENCE
    ),
    "side by side": sequence("z[n,t,d] += x[n,t,d]\nz[n,t,d+size(d)] += x[n,t,d]**2"),
    "on the same place": sequence(
        "z[n,t,d] += x[n,t,d]\nz[n,t,d] += x[n,t,d]**2\ny[n,t,d] = z[n,t,d]**2"
    ),
    "overlap": sequence("z[n,t+u,d] += x[n,t,d]*w[u,d]", parameters={"w": [3, "d"]}),
    "overlap, read again": sequence(
        "z[n,2*t+u,d] += x[n,t,d]*w[u,d]\ny[n,p,d] = tanh(z[n,p,d])*z[n,p,d]",
        parameters={"w": [3, "d"]},
    ),
    "maximum within a border": network(
        conv2d(2, 2),
        formula("y[n,c,p,q] = max(pad(x[n,c,2*p+u-1,q+v-1], -inf), u, v)", sizes={"u": 3, "v": 2}),
        shape=(2, 5, 6),
    ),
    "minimum within a border": network(
        conv2d(2, 2),
        formula("y[n,c,p,q] = min(pad(x[n,c,2*p+u-1,2*q+v-1], inf), u, v)", sizes={"u": 2, "v": 3}),
        shape=(2, 5, 6),
    ),
    "border of ones": sequence(
        "y[n,p,d] = sum(pad(x[n,p+u-1,d], 1)*w[u], u)", parameters={"w": [3]}
    ),
    "mean with a border": sequence("y[n,p,d] = mean(pad(x[n,p+u-1,d]), u)", sizes={"u": 3}),
    "permuted": sequence("y[n,t,d] = x[n,idx[t],d]*x[n,t,d]", constants={"idx": [2, 0, 3, 1]}),
    "rows by number": sequence(
        "y[n,t,d] = E[idx[t],d]*x[n,idx[t],d]",
        **{"constants": {"idx": [1, 0, 1, 2, 1]}, "parameters": {"E": [3, "d"]}},
    ),
    "relative positions": sequence(
        "a[n,t,u] = softmax(sum(x[n,t,d]*x[n,u,d], d) + B[t-u+size(t)-1], u)\n"
        "y[n,t,d] = sum(a[n,t,u]*x[n,u,d], u)",
        parameters={"B": [7]},
    ),
    "softmax of a window": sequence(
        "y[n,p,d] = sum(softmax(pad(x[n,p+u-1,d]), u)*w[u], u)", parameters={"w": [3]}
    ),
    "windows side by side": sequence("y[n,p,(u,d)] = pad(x[n,p+u-1,d])", sizes={"u": 3}),
    "depth to space": network(
        conv2d(4, 1),
        formula("z[n,(p,a),(q,b)] = x[n,(a,b),p,q]", sizes={"a": 2, "b": 2}),
        shape=(2, 3, 5),
    ),
    "product of two reads": sequence(
        "y[n,p,d] = sum(pad(x[n,p+u-1,d])*pad(x[n,p-u+1,d])*w[u], u)", parameters={"w": [3]}
    ),
}

ATTENTION: dict[str, Table] = {
    "attention": network(attention(3), shape=(4, 6)),
    "causal, repeated": network(repeat(2, attention(2, causal=True)), shape=(5, 6)),
    "shared": network(attention(2, name="a"), attention(2, share="a"), shape=(5, 6)),
    "one step": network(dense(4), attention(2, causal=True), shape=(1, 4)),
    "one head of one": network(attention(1), dense(2), shape=(3, 1)),
    "positions, repeated": network(dense(4), repeat(2, POSITIONAL), shape=(5, 3)),
    "positions, learned and repeated": network(
        dense(4), repeat(2, {**POSITIONAL, "kind": "learned"}), shape=(5, 3)
    ),
    "positions of an odd width": network(dense(5), POSITIONAL, shape=(4, 3)),
    "positions of width one": network(dense(1), POSITIONAL, shape=(4, 3)),
    "embedding alone": network(embedding(3), shape=(4,)),
    "embedding and classes": network(embedding(3), dense(5, "softmax"), shape=(4,), loss=CE),
    "two embeddings": network(
        embedding(3, name="a"),
        embedding(3, name="b", inputs=["x"]),
        merge("multiply", "a", "b"),
        shape=(4,),
    ),
}

LAST = {"return_sequences": False}
KINDS = ("rnn", "lstm", "gru")

RECURRENT: dict[str, Table] = {
    **{f"{k}, last step": network(recurrent(k, 4, **LAST), shape=(5, 3)) for k in KINDS},
    **{f"{k}, one step": network(recurrent(k), shape=(1, 4)) for k in KINDS},
    **{f"{k}, one unit": network(recurrent(k, 1), shape=(4, 3)) for k in KINDS},
    **{f"{k}, repeated": network(repeat(2, recurrent(k)), shape=(4, 3)) for k in KINDS},
    **{f"{k}, residual": network(repeat(2, residual(recurrent(k))), shape=(4, 3)) for k in KINDS},
    **{
        f"{k}, shared": network(
            recurrent(k, name="a"), recurrent(k, share="a", **LAST), shape=(4, 3)
        )
        for k in KINDS
    },
    **{
        f"{k}, shared and repeated": network(
            repeat(2, recurrent(k, name="a"), recurrent(k, share="a")), shape=(4, 3)
        )
        for k in KINDS
    },
    **{
        f"{k}, classes": network(
            embedding(3), recurrent(k, 4), dense(5, "softmax"), shape=(4,), loss=CE
        )
        for k in KINDS
    },
    **{
        f"{k}, penalty": network(
            recurrent(k, 4), shape=(4, 3), regularization={"l2": 0.1, "l1": 0.05}
        )
        for k in KINDS
    },
    **{
        f"rnn, {f}": network(recurrent("rnn", 4, activation=f), shape=(5, 3))
        for f in ("relu", "gelu", "identity", "softplus", "x*sigmoid(1.7*x)")
    },
    "rnn in a residual": network(dense(3), residual(recurrent("rnn")), shape=SEQUENCE),
    "attention behind lstm": network(recurrent("lstm", 4), attention(2), shape=(5, 3)),
    "gru behind convolution": network(conv(3, 2), recurrent("gru", 2), shape=(4, 6)),
    "norms around lstm": network(
        repeat(2, residual(LAYERNORM, recurrent("lstm"))),
        LAYERNORM,
        dense(4, "softmax"),
        shape=(5, 3),
        loss=CE,
    ),
    "two outputs": network(
        recurrent("rnn", 3, name="a"),
        recurrent("rnn", 2, name="b", **LAST),
        output=[
            {"from": "a", "target": "ta", "loss": MSE},
            {"from": "b", "target": "tb", "loss": MSE, "weight": 2.0},
        ],
        shape=(4, 3),
    ),
    "dead branch": network(
        recurrent("rnn", name="a"), recurrent("lstm"), dense(2, inputs=["a"]), shape=(4, 3)
    ),
}

SCANS: dict[str, Table] = {
    "running sum": sequence("h[n,t,d] = h[n,t-1,d] + x[n,t,d]"),
    "running sum from the end": sequence("h[n,t,d] = h[n,t+1,d] + x[n,t,d]"),
    "running mean": sequence(
        "h[n,t,d] = r[d]*h[n,t-1,d] + (1 - r[d])*x[n,t,d]", parameters={"r": ["d"]}
    ),
    "both directions": sequence(
        "f[n,t,d] = tanh(f[n,t-1,d] + x[n,t,d])\ng[n,t,d] = tanh(0.5*g[n,t+1,d] + x[n,t,d])\n"
        "y[n,t,d] = f[n,t,d]*g[n,t,d]"
    ),
    "first step from the end": sequence(
        "g[n,t,d] = tanh(0.5*g[n,t+1,d] + x[n,t,d])\ny[n,d] = g[n,0,d]"
    ),
    "learned start": sequence(
        "h[n,-1,j] = h0[j]\nh[n,t,j] = tanh(x[n,t,j] + w[j]*h[n,t-1,j])",
        parameters={"h0": ["j"], "w": ["j"]},
    ),
    "start from the input": sequence(
        "h[n,-1,j] = x[n,0,j]**2\nh[n,t,j] = tanh(x[n,t,j] + 0.5*h[n,t-1,j])"
    ),
    "two states": sequence(
        "c[n,t,d] = sigmoid(x[n,t,d] + h[n,t-1,d])*c[n,t-1,d] + a[d]*x[n,t,d]\n"
        "h[n,t,d] = tanh(c[n,t,d])\ny[n,d] = h[n,size(t)-1,d] + mean(c[n,t,d], t)",
        parameters={"a": ["d"]},
    ),
    "state of two axes": sequence(
        "S[n,t,i,j] = 0.9*S[n,t-1,i,j] + x[n,t,i]*x[n,t,j]\ny[n,t,i] = sum(S[n,t,i,j]*x[n,t,j], j)"
    ),
    "delta rule": sequence(
        "S[n,t,i,j] = S[n,t-1,i,j]"
        " + b*x[n,t,i]*(x[n,t,j] - sum(S[n,t-1,k,j]*x[n,t,k], k))\n"
        "y[n,t,j] = sum(S[n,t,i,j]*x[n,t,i], i)",
        parameters={"b": 0.3},
    ),
    "one on another": sequence(
        "f[n,t,d] = tanh(0.5*f[n,t-1,d] + x[n,t,d])\ng[n,t,d] = tanh(0.5*g[n,t-1,d] + f[n,t,d])"
    ),
    "one on another, turned round": sequence(
        "f[n,t,d] = tanh(0.5*f[n,t-1,d] + x[n,t,d])\ng[n,t,d] = tanh(0.5*g[n,t+1,d] + f[n,t,d])\n"
        "y[n,t,d] = g[n,t,d]*f[n,t,d]"
    ),
    "three states": sequence(
        "a[n,t,d] = tanh(c[n,t-1,d] + x[n,t,d])\nb[n,t,d] = sigmoid(a[n,t,d] + b[n,t-1,d])\n"
        "c[n,t,d] = a[n,t,d]*b[n,t,d] + 0.3*a[n,t-1,d]"
    ),
    "first and last step": sequence(
        "h[n,t,d] = tanh(0.5*h[n,t-1,d] + x[n,t,d])\ny[n,d] = h[n,0,d]*h[n,size(t)-1,d]"
    ),
    "linear attention": sequence(
        "q[n,t,i] = sum(x[n,t,k]*Q[k,i], k)\nS[n,t,i,j] = S[n,t-1,i,j] + q[n,t,i]*x[n,t,j]\n"
        "Z[n,t,i] = Z[n,t-1,i] + q[n,t,i]**2\n"
        "y[n,t,j] = sum(q[n,t,i]*S[n,t,i,j], i)/(1 + sum(Z[n,t,i], i))",
        parameters={"Q": ["k", 2]},
    ),
    "along rows": network(
        conv2d(3, 1), formula("h[n,c,p,q] = tanh(0.5*h[n,c,p-1,q] + x[n,c,p,q])"), shape=(2, 4, 5)
    ),
    "stopped in every step": sequence("h[n,t,d] = tanh(stop_gradient(h[n,t-1,d]) + x[n,t,d])"),
    "a choice in every step": sequence(
        "h[n,t,d] = where(t > 1, tanh(h[n,t-1,d]), 0.5*h[n,t-1,d]) + x[n,t,d]"
    ),
    "softmax in every step": sequence("h[n,t,d] = softmax(x[n,t,d] + h[n,t-1,d], d)"),
    "maximum in every step": sequence(
        "h[n,t,d] = max(h[n,t-1,k]*w[k,d] + x[n,t,k], k)", parameters={"w": ["k", 3]}
    ),
    "reads the input's past": sequence("h[n,t,d] = tanh(h[n,t-1,d] + pad(x[n,t-1,d])*x[n,t,d])"),
}

NETWORKS = {
    f"{group}: {name}": tables
    for group, networks in {
        "images": IMAGES,
        "places": PLACES,
        "attention": ATTENTION,
        "recurrent": RECURRENT,
        "scans": SCANS,
    }.items()
    for name, tables in networks.items()
}
