"""Self-attention."""

from __future__ import annotations

from symbp.layers.definition import Definition


def attention(features: int, heads: int, causal: bool) -> Definition:
    """Multi-head scaled dot-product attention (Vaswani et al. 2017, eq. 1 and sec. 3.2.2).

    (t, d) -> (t, d). The heads share the d features among them, row-major;
    Wq, Wk, Wv, Wo (d, d), bq, bk, bv, bo (d,). A causal position t attends to u <= t.
    """
    head, part = ("h,", "(h,d)") if heads > 1 else ("", "d")
    s, a = f"s[n,{head}t,u]", f"a[n,{head}t,u]"
    past = ", u <= t" if causal else ""
    return Definition(
        formula=(
            "q[n,t,e] = sum(x[n,t,i]*Wq[i,e], i) + bq[e]\n"
            "k[n,t,e] = sum(x[n,t,i]*Wk[i,e], i) + bk[e]\n"
            "v[n,t,e] = sum(x[n,t,i]*Wv[i,e], i) + bv[e]\n"
            f"{s} = sum(q[n,t,{part}]*k[n,u,{part}], d)/sqrt(size(d))\n"
            f"{a} = softmax({s}, u{past})\n"
            f"o[n,t,{part}] = sum({a}*v[n,u,{part}], u)\n"
            "y[n,t,f] = sum(o[n,t,e]*Wo[e,f], e) + bo[f]"
        ),
        parameters={
            **dict.fromkeys(("Wq", "Wk", "Wv"), ("i", "e")),
            "Wo": ("e", "f"),
            **dict.fromkeys(("bq", "bk", "bv"), ("e",)),
            "bo": ("f",),
        },
        sizes={"e": features, "f": features} | ({"h": heads} if heads > 1 else {}),
        regularized=("Wq", "Wk", "Wv", "Wo"),
    )
