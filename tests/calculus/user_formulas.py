"""Layers as users write them: formula, shape of one sample, and what is declared beside it."""

from __future__ import annotations

from typing import Any

Case = tuple[str, tuple[int, ...], dict[str, Any]]

LAYERNORM = (
    "m[n] = mean(x[n,d], d)\nv[n] = mean((x[n,d] - m[n])**2, d)\n"
    "y[n,d] = g[d]*(x[n,d] - m[n])/sqrt(v[n] + 1e-5) + b[d]"
)
BATCHNORM = (
    "m[d] = mean(x[n,d], n)\nv[d] = mean((x[n,d] - m[d])**2, n)\n"
    "y[n,d] = g[d]*(x[n,d] - m[d])/sqrt(v[d] + 1e-5) + b[d]"
)
RMSNORM = "y[n,d] = g[d]*x[n,d]/sqrt(mean(x[n,k]**2, k) + 1e-5)"
SOFTMAX = "p[n,k] = exp(x[n,k])/sum(exp(x[n,m]), m)"
SOFTMAX_CALL = "p[n,k] = softmax(x[n,k], k)"
QUERIES = (
    "q[n,t,e] = sum(x[n,t,d]*Q[d,e], d)\nk[n,t,e] = sum(x[n,t,d]*K[d,e], d)\n"
    "v[n,t,f] = sum(x[n,t,d]*V[d,f], d)\n"
)
QKV = {"Q": ["d", 4], "K": ["d", 4], "V": ["d", 3]}
SCORES = "s[n,t,u] = sum(q[n,t,e]*k[n,u,e], e)/sqrt(size(e))\n"
MIXED = "y[n,t,f] = sum(a[n,t,u]*v[n,u,f], u)"


def case(text: str, *shape: int, sizes: dict[str, int] | None = None, **parameters: Any) -> Case:
    beside: dict[str, Any] = {"parameters": parameters} if parameters else {}
    return text, shape or (5,), beside | ({"sizes": sizes} if sizes else {})


CASES: dict[str, Case] = {
    # norms
    "layernorm": case(LAYERNORM, g=["d"], b=["d"]),
    "layernorm without affine": case(LAYERNORM.replace("g[d]*", "").replace(" + b[d]", "")),
    "rmsnorm": case(RMSNORM, g=["d"]),
    "batchnorm": case(BATCHNORM, g=["d"], b=["d"]),
    "instance norm": case(
        "m[n,c] = mean(x[n,c,p], p)\nv[n,c] = mean((x[n,c,p] - m[n,c])**2, p)\n"
        "y[n,c,p] = g[c]*(x[n,c,p] - m[n,c])/sqrt(v[n,c] + 0.01) + b[c]",
        3, 4, g=["c"], b=["c"],
    ),
    "group norm": case(
        "m[n,g] = mean(x[n,(g,c)], c)\nv[n,g] = mean((x[n,(g,c)] - m[n,g])**2, c)\n"
        "y[n,(g,c)] = (x[n,(g,c)] - m[n,g])/sqrt(v[n,g] + 0.01)",
        6, sizes={"g": 2},
    ),
    "l2 norm": case("y[n,d] = x[n,d]/sqrt(sum(x[n,k]**2, k))"),
    "l1 norm": case("y[n,d] = x[n,d]/sum(abs(x[n,k]), k)"),
    "between least and most": case(
        "y[n,d] = (x[n,d] - min(x[n,k], k))/(max(x[n,k], k) - min(x[n,k], k))"
    ),
    "weight norm": case(
        "y[n,j] = g[j]*sum(x[n,i]*W[i,j], i)/sqrt(sum(W[i,j]**2, i))", W=["i", 3], g=["j"]
    ),
    "standard weights": case(
        "m[j] = mean(W[i,j], i)\ns[j] = sqrt(mean((W[i,j] - m[j])**2, i) + 1e-3)\n"
        "y[n,j] = sum(x[n,i]*(W[i,j] - m[j])/s[j], i)",
        W=["i", 3],
    ),
    "cosine": case(
        "y[n,j] = sum(x[n,i]*W[i,j], i)/sqrt(sum(x[n,i]**2, i)*sum(W[i,j]**2, i))", W=["i", 3]
    ),
    # softmax
    "softmax": case(SOFTMAX),
    "softmax by its call": case(SOFTMAX_CALL),
    "softmax of two axes": case("p[n,i,j] = softmax(x[n,i,j], i, j)", 3, 4),
    "softmax with a temperature": case("p[n,i] = softmax(x[n,i]/a, i)", a=1.5),
    "softmax inside": case("y[n,i] = x[n,i]*softmax(2*x[n,i], i) + 1"),
    "softmax of weights": case("y[n,j] = sum(x[n,i]*softmax(W[i,j], i), i)", W=["i", 3]),
    "softmax made stable": case(
        "m[n] = max(x[n,k], k)\ne[n,k] = exp(x[n,k] - m[n])\ny[n,k] = e[n,k]/sum(e[n,j], j)"
    ),
    "log of a sum": case("y[n,t] = log(sum(exp(x[n,t,d]), d))", 3, 4),
    # products
    "mlp": case(
        "h[n,j] = tanh(sum(x[n,i]*U[i,j], i) + a[j])\ny[n,k] = sum(h[n,j]*V[j,k], j) + b[k]",
        U=["i", 7], a=["j"], V=["j", 3], b=["k"],
    ),
    "bilinear": case("z[n,j] = sum(x[n,i]*A[i,k,j]*x[n,k], i, k)", A=["i", "k", 3]),
    "trilinear": case(
        "y[n,l] = sum(x[n,i]*x[n,j]*x[n,k]*T[i,j,k,l], i, j, k)", 3, T=["i", "j", "k", 2]
    ),
    "low rank": case("y[n,j] = sum(x[n,i]*U[i,r]*V[r,j], i, r)", U=["i", 2], V=["r", 3]),
    "symmetric": case("y[n,j] = sum(x[n,i]*(A[i,j] + A[j,i]), i)", A=["i", 5]),
    "gated": case(
        "y[n,j] = sum(x[n,i]*A[i,j], i)*sigmoid(sum(x[n,i]*B[i,j], i))", A=["i", 3], B=["i", "j"]
    ),
    "highway": case(
        "c[n,j] = sigmoid(sum(x[n,i]*T[i,j], i) + a[j])\n"
        "h[n,j] = tanh(sum(x[n,i]*H[i,j], i) + b[j])\n"
        "y[n,j] = c[n,j]*h[n,j] + (1 - c[n,j])*x[n,j]",
        T=["i", "j"], H=["i", "j"], a=["j"], b=["j"],
    ),
    "mixture of experts": case(
        "g[n,k] = softmax(sum(x[n,i]*G[i,k], i), k)\n"
        "y[n,j] = sum(g[n,k]*tanh(sum(x[n,i]*W[k,i,j], i)), k)",
        G=["i", 3], W=["k", "i", 2],
    ),
    "maxout": case(
        "z[n,j,k] = sum(x[n,i]*W[i,j,k], i) + b[j,k]\ny[n,j] = max(z[n,j,k], k)",
        W=["i", 3, 4], b=["j", "k"],
    ),
    "radial": case("y[n,j] = exp(-g*sum((x[n,i] - c[j,i])**2, i))", g=0.5, c=[4, "i"]),
    "factorisation machine": case(
        "y[n,f] = sum(v[i,f]*x[n,i], i)**2/2 - sum(v[i,f]**2*x[n,i]**2, i)/2", v=["i", 3]
    ),
    "outer": case("y[n,i,j] = x[n,i]*x[n,j]"),
    "gram": case("y[n,i,j] = sum(x[n,i,k]*x[n,j,k], k)", 4, 3),
    "transpose": case("y[n,j,i] = x[n,i,j]", 4, 3),
    "of any rank": case("y[n,...,j] = tanh(sum(x[n,...,i]*W[i,j], i))", 3, 4, W=["i", 3]),
    # attention
    "attention": case(
        QUERIES + SCORES + "a[n,t,u] = softmax(s[n,t,u], u)\n" + MIXED, 6, 5, **QKV
    ),
    "causal attention": case(
        QUERIES + SCORES + "a[n,t,u] = softmax(s[n,t,u], u, u <= t)\n" + MIXED, 6, 5, **QKV
    ),
    "attention in heads": case(
        QUERIES.replace("V[d,f]", "V[d,e]").replace("v[n,t,f]", "v[n,t,e]").replace(",e]", ",f]")
        + "s[n,h,t,u] = sum(q[n,t,(h,e)]*k[n,u,(h,e)], e)/sqrt(size(e))\n"
        "a[n,h,t,u] = softmax(s[n,h,t,u], u, u <= t)\n"
        "o[n,t,(h,e)] = sum(a[n,h,t,u]*v[n,u,(h,e)], u)\ny[n,t,d] = sum(o[n,t,f]*O[f,d], f)",
        4, 5, sizes={"h": 2}, Q=["d", 6], K=["d", 6], V=["d", 6], O=["f", "d"],
    ),
    "squeeze and excite": case(
        "s[n,c] = mean(x[n,c,p,q], p, q)\nh[n,r] = relu(sum(s[n,c]*U[c,r], c))\n"
        "g[n,c] = sigmoid(sum(h[n,r]*V[r,c], r))\ny[n,c,p,q] = x[n,c,p,q]*g[n,c]",
        3, 2, 4, U=["c", 4], V=["r", "c"],
    ),
    # reads that move entries about
    "max pooling": case("y[n,c,p,q] = max(x[n,c,2*p+u,2*q+v], u, v)", 2, 4, 6, sizes={"u": 2, "v": 2}),
    "max pooling that overlaps": case("y[n,c,p] = max(x[n,c,2*p+u], u)", 2, 7, sizes={"u": 3}),
    "average pooling": case(
        "y[n,c,p,q] = mean(x[n,c,2*p+u,2*q+v], u, v)", 2, 4, 6, sizes={"u": 2, "v": 2}
    ),
    "flatten": case("y[n,(c,p,q)] = x[n,c,p,q]", 2, 3, 4),
    "patches": case("y[n,(p,q),(u,v,c)] = x[n,c,(p,u),(q,v)]", 3, 4, 6, sizes={"u": 2, "v": 3}),
    "every second": case("y[n,j] = x[n,2*j]", 7),
    "every second but the first": case("y[n,j] = x[n,2*j+1]**2", 7),
    "backwards": case("y[n,j] = x[n,size(j)-1-j]*x[n,j]"),
    "backwards by two": case("y[n,j] = x[n,4-2*j]", sizes={"j": 3}),
    "the first": case("y[n,d] = x[n,0,d]", 4, 3),
    "the last": case("y[n,d] = x[n,size(t)-1,d]*mean(x[n,t,d], t)", 4, 3),
    "diagonal": case("y[n,i] = x[n,i,i]**2", 4, 4),
    "trace": case("y[n,j] = sum(x[n,i,i], i)*x[n,0,j]", 4, 4),
    "convolution": case("z[n,f,p] = sum(x[n,c,2*p+u]*K[f,c,u], c, u) + b[f]", 3, 7, K=[4, "c", 3], b=["f"]),
    "convolution in groups": case(
        "y[n,(g,f),p] = sum(x[n,(g,c),p+u]*K[g,f,c,u], c, u)", 4, 6, K=[2, 3, "c", 2]
    ),
    "convolution with holes": case(
        "y[n,f,p] = sum(x[n,c,p+2*u]*K[f,c,u], c, u)", 3, 7, K=[2, "c", 3]
    ),
    # conditions, letters and sizes as numbers
    "where by letter": case("y[n,i] = where(i < 2, s*x[n,i], x[n,i]**2)", s=1.0),
    "where by value": case("y[n,i] = where(x[n,i] > 0.1, x[n,i]**2, s*x[n,i])", s=1.0),
    "where by both": case("y[n,i] = where(i < 2 or i == 4 and x[n,i] > 0, exp(x[n,i]), x[n,i])"),
    "where in where": case("where(x > 1, x, where(x < -1, exp(x), x**2))"),
    "up to here": case("y[n,t] = sum(x[n,u]*W[t,u], u, u <= t)", W=[5, "u"]),
    "mean up to here": case("y[n,t] = mean(x[n,u]**2, u, u <= t)", sizes={"t": 5}),
    "most up to here": case("y[n,t] = max(x[n,u], u, u <= t)", sizes={"t": 5}),
    "nearby": case("y[n,t] = sum(x[n,u], u, u <= t and u > t - 2)", sizes={"t": 5}),
    "every pair": case("d[n,i,j] = x[n,i] - x[n,j]\ny[n,i] = sum(d[n,i,j]**3, j, j > i)/6"),
    "distance of letters": case(
        "y[n,t] = sum(x[n,u]*exp(-((t - u)/2)**2), u)", sizes={"t": 5}
    ),
    "waves": case("y[n,k] = sum(x[n,i]*cos(i*k), i)", sizes={"k": 4}),
    "sizes": case("y[n,d] = x[n,d]**2/size(d) + 2*d/size(d)"),
    "mean over the batch": case("y[n,d] = x[n,d] - mean(x[m,d], m)"),
    "every pair of samples": case(
        "K[n,m] = exp(-sum((x[n,d] - x[m,d])**2, d)/2)\ny[n,d] = sum(K[n,m]*x[m,d], m)"
    ),
    # elementwise, with learnable scalars
    "swish": case("b*x*sigmoid(b*x)", b=1.3),
    "scalars": case("a*tanh(b*x) + c*x**3", a=1.0, b=0.5, c=0.1),
    "snake": case("x + sin(a*x)**2/a", a=1.0),
    "prelu": case("where(x > 0, x, a*x)", a=0.25),
    "clip": case("minimum(maximum(x, -0.5), 0.5)"),
    "mish": case("x*tanh(softplus(x))"),
    "gelu": case("gelu(x) + gelu_tanh(x)"),
    "trigonometry": case(
        "sin(x)*cos(x) + tan(x/4) + sinh(x/2) + cosh(x/2) + atan(x) + asin(x/9) + acos(x/9)"
    ),
    "powers": case("(1 + x**2)**(1/3) + 2**x + x/(1 + x**2) + sqrt(1 + x**2)"),
    "logarithms": case("log(1 + exp(2*x)) + log(sigmoid(x)) + exp(x) - 1"),
    "error function": case("x*(1 + erf(x/sqrt(2)))/2 + erfc(x)"),
    # parameters alone in a factor
    "a sum of weights": case("y[n,j] = x[n,j]*sum(W[i,j], i)", W=[3, "j"]),
    "all weights": case("y[n,j] = x[n,j]*mean(W[i,k], i, k)", W=[3, 4]),
    "the largest weight": case("y[n,j] = x[n,j]*max(W[i,j], i)", W=[3, "j"]),
    "input without effect": case("y[n,j] = b[j] + x[n,j] - x[n,j]", b=["j"]),
}  # fmt: skip
