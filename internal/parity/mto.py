"""MTO in float64, from methods.md section 11. Gradients come from autograd; stop-gradients are detach().

B images, N tokens, D width, n visible, m masked.
"""

import math

import torch
import torch.nn.functional as F

from model import take

GATE_FLOOR = 1e-4  # 11.3: ln(max(g, 1e-4))


def heterogeneity(masked, visible, c):
    """masked [B,m,D] against visible [B,n,D] (stopped) -> H [B,m] (11.3)."""
    visible = visible.detach()
    n = visible.shape[1]
    if n == 1:
        return torch.ones(masked.shape[:2], dtype=masked.dtype)
    centre = visible.mean(1, keepdim=True)
    v, x = visible - centre, masked - centre
    dot = x @ v.transpose(1, 2)
    size = x.norm(dim=2)[:, :, None] * v.norm(dim=2)[:, None, :]
    log_q = F.log_softmax(dot / size.clamp_min(c.eps) / c.tau, -1)
    return -(log_q.exp() * log_q).sum(-1) / math.log(n)


def distance_hinge(token, visible, c):
    """The second term of L_e for one network: mean over images of max(0, 1 - d_e/(kappa d_v))^2."""
    visible = visible.detach()
    centre = visible.mean(1)  # [B,D]
    d_e = (token - centre).norm(dim=1)
    d_v = ((visible - centre[:, None]) ** 2).sum(2).mean(1).sqrt()
    return ((1 - d_e / (c.kappa * d_v)).clamp_min(0) ** 2).mean()


def entry_loss(held, c):
    b, _, d = held.entry.shape
    h = heterogeneity(held.token.expand(b, 1, d), held.entry, c)
    return 1 - h.mean() + c.b_s * distance_hinge(held.token, held.entry, c)


def layers(held, batch, c):
    """H^l, l = 0..L: scalars, the mean over masked tokens and batch."""
    b, _, d = held.entry.shape
    result = [heterogeneity(held.token.expand(b, 1, d), held.entry, c).mean()]
    for x in held.tokens[1:]:
        result.append(heterogeneity(take(x, batch.masked), take(x, batch.visible), c).mean())
    return result


def rank_loss(h, c):
    k = len(h) - 1
    return sum((h[i + 1] - h[i] + c.mu / k).clamp_min(0) for i in range(k)) / k


def visible_rows(logits, batch):
    """logits [B,h,N,N] -> rows of visible queries [B,h,n,N]."""
    b, h, n, keys = logits.shape[0], logits.shape[1], batch.visible.shape[1], logits.shape[3]
    return torch.gather(logits, 2, batch.visible[:, None, :, None].expand(b, h, n, keys))


def sparsity_loss(held, batch, c):
    total = 0
    keys = batch.mask.shape[1]
    is_masked = batch.mask.bool()[:, None, None, :]
    for logits in held.logits:
        s = visible_rows(logits, batch)
        if c.w_mass:
            # -ln(1 - mass) = ln sum_all exp - ln sum_visible exp, the visible logits stopped (centred: but for their mean).
            stopped = s.detach()
            if c.centred:
                mean = s.masked_fill(is_masked, 0).sum(-1, keepdim=True) / batch.visible.shape[1]
                stopped = stopped + mean - mean.detach()
            u = torch.where(is_masked, s, stopped).logsumexp(-1) - stopped.masked_fill(is_masked, -math.inf).logsumexp(-1)
            u = u - (u - u.clamp_max(-math.log(c.eps))).detach()  # clamp in the value only
            total = total + c.w_mass * (u / math.log(keys / batch.visible.shape[1])).mean()
        if c.w_entropy:
            a = F.softmax(s, -1)
            # A key with probability exactly 0 (hard gate) adds 0 and has no gradient.
            log_a = F.log_softmax(s, -1).masked_fill(torch.isinf(s), 0)
            e = -(a * log_a).sum(-1) / math.log(keys)
            total = total + c.w_entropy * (e - c.e_min).clamp_min(0).mean()
    return total / len(held.logits)


def masses(held, batch):
    """Masked mass of visible rows, one number a block."""
    is_masked = batch.mask[:, None, None, :]
    return [float((F.softmax(visible_rows(s, batch), -1) * is_masked).sum(-1).mean()) for s in held.logits]


def gate(mode, batch, c):
    """The forward recalibration: a function (block, x, token, entry) -> additive logit bias [B,1,N,N] or None."""
    if mode == "none":
        return lambda block, x, token, entry: None
    b, keys = batch.mask.shape
    pair = (1 - batch.mask)[:, :, None] * batch.mask[:, None, :]  # visible query, masked key

    def bias(block, x, token, entry):
        if mode == "hard":
            return torch.zeros(b, keys, keys, dtype=torch.float64).masked_fill(pair.bool(), -math.inf)[:, None]
        with torch.no_grad():
            if block == 0:
                h = heterogeneity(token.expand(b, 1, token.shape[0]), entry, c).expand(b, batch.masked.shape[1])
            else:
                h = heterogeneity(take(x, batch.masked), take(x, batch.visible), c)
            g = torch.ones(b, keys, dtype=torch.float64).scatter(1, batch.masked, 1 - h)
            return (pair * g.clamp_min(GATE_FLOOR).log()[:, None, :])[:, None]

    return bias


def terms(held, batch, c):
    """name -> loss, only those whose coefficient is not 0."""
    result = {}
    if c.lambda_spa and (c.w_mass or c.w_entropy):
        result["mto_spa"] = sparsity_loss(held, batch, c)
    if c.lambda_r:
        result["mto_r"] = rank_loss(layers(held, batch, c), c)
    if c.lambda_e:
        result["mto_e"] = entry_loss(held, c)
    return result
