"""SimMIM and MAE in float64, from methods.md sections 1 to 3. No line is shared with the Go code.

B images, S side, C channels, p patch side, N tokens, D width, n visible, m masked, h heads.
"""

import math

import torch
import torch.nn.functional as F


def sincos(width, grid):
    """Fixed 2-D sine-cosine table [N, D]: the first half encodes the column, the second the row (1.3)."""
    k = width // 4
    frequency = 10000.0 ** (-torch.arange(k, dtype=torch.float64) / k)
    place = torch.arange(grid, dtype=torch.float64)
    angle = place[:, None] * frequency[None, :]
    half = torch.cat([angle.sin(), angle.cos()], 1)  # [G, D/2]
    column = half[None, :, :].expand(grid, grid, width // 2)
    row = half[:, None, :].expand(grid, grid, width // 2)
    return torch.cat([column, row], 2).reshape(grid * grid, width)


def patches(images, p, order):
    """images [B,S,S,C] -> [B,N,p*p*C]; order is "channel-first" (c,row,col) or "channel-last" (row,col,c)."""
    b, s, _, c = images.shape
    g = s // p
    x = images.reshape(b, g, p, g, p, c)  # image, grid row, row, grid column, column, channel
    axes = {"channel-first": (0, 1, 3, 5, 2, 4), "channel-last": (0, 1, 3, 2, 4, 5)}[order]
    return x.permute(axes).reshape(b, g * g, p * p * c)


class Network:
    """The transformer parts, over a dictionary of parameters with timm's names."""

    def __init__(self, parameters, eps, gelu):
        self.p, self.eps, self.gelu = parameters, eps, gelu

    def linear(self, x, name):
        return x @ self.p[name + ".weight"].T + self.p[name + ".bias"]

    def norm(self, x, name):
        mean = x.mean(-1, keepdim=True)
        variance = ((x - mean) ** 2).mean(-1, keepdim=True)
        return (x - mean) / (variance + self.eps).sqrt() * self.p[name + ".weight"] + self.p[name + ".bias"]

    def activation(self, x):
        if self.gelu == "erf":
            return 0.5 * x * (1 + torch.erf(x / math.sqrt(2)))
        return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))

    def embed(self, images, p):
        weight = self.p["patch_embed.proj.weight"]  # (d, c, p, p)
        x = patches(images, p, "channel-first")
        return x @ weight.reshape(weight.shape[0], -1).T + self.p["patch_embed.proj.bias"]

    def block(self, x, prefix, heads, bias):
        """One pre-norm block; returns the new tokens and the attention logits [B,h,N,N] with the bias inside."""
        b, t, d = x.shape
        qkv = self.linear(self.norm(x, prefix + "norm1"), prefix + "attn.qkv")
        q, k, v = qkv.reshape(b, t, 3, heads, d // heads).permute(2, 0, 3, 1, 4)
        logits = q @ k.transpose(-1, -2) / math.sqrt(d // heads)
        if bias is not None:
            logits = logits + bias
        mixed = (F.softmax(logits, -1) @ v).transpose(1, 2).reshape(b, t, d)
        x = x + self.linear(mixed, prefix + "attn.proj")
        hidden = self.activation(self.linear(self.norm(x, prefix + "norm2"), prefix + "mlp.fc1"))
        return x + self.linear(hidden, prefix + "mlp.fc2"), logits

    def blocks(self, x, prefix, depth, heads, gate):
        """depth blocks; gate(block, x) gives an additive logit bias or None. Returns tokens[0..depth], logits."""
        tokens, logits = [x], []
        for i in range(depth):
            x, s = self.block(x, f"{prefix}{i}.", heads, gate(i, x))
            tokens.append(x)
            logits.append(s)
        return tokens, logits


class Held:
    """What MTO looks at in the network that holds mask tokens.

    token [D]; entry: visible embeddings before position [B,n,D]; tokens: after l blocks, l=0..L; logits per block.
    """

    def __init__(self, token, entry, tokens, logits):
        self.token, self.entry, self.tokens, self.logits = token, entry, tokens, logits


def take(x, index):
    """x [B,N,D], index [B,k] -> [B,k,D]."""
    return torch.gather(x, 1, index[:, :, None].expand(-1, -1, x.shape[2]))


def simmim(net, images, batch, setting, gate):
    """Section 2. Returns loss, prediction [B,N,p*p*C], Held."""
    p, channels = setting.patch, setting.channels
    z = net.embed(images, p)
    token = net.p["mask_token"].reshape(-1)
    w = batch.mask[:, :, None]
    x = (1 - w) * z + w * token
    x = x + sincos(setting.width, setting.grid)
    entry = take(z, batch.visible)
    tokens, logits = net.blocks(x, "blocks.", setting.depth, setting.heads, lambda i, x: gate(i, x, token, entry))
    prediction = net.linear(net.norm(tokens[-1], "norm"), setting.head)
    target = patches(images, p, setting.patch_order)
    pixels = batch.mask.sum() * p * p
    loss = (w * (prediction - target).abs()).sum() / ((pixels + setting.loss_guard) * channels)
    return loss, prediction, Held(token, entry, tokens, logits)


def mae(net, images, batch, setting, gate):
    """Section 3. Returns loss, prediction [B,N,p*p*C], Held (the decoder)."""
    z = net.embed(images, setting.patch) + sincos(setting.width, setting.grid)
    encoded, _ = net.blocks(take(z, batch.visible), "blocks.", setting.depth, setting.heads, lambda i, x: None)
    entry = net.linear(net.norm(encoded[-1], "norm"), "decoder_embed")  # [B,n,Dd]
    token = net.p["mask_token"].reshape(-1)
    b, n, width = entry.shape
    x = token.expand(b, setting.grid**2, width)
    x = x.scatter(1, batch.visible[:, :, None].expand(b, n, width), entry)  # mask tokens where nothing is visible
    x = x + sincos(width, setting.grid)
    tokens, logits = net.blocks(
        x, "decoder_blocks.", setting.decoder_depth, setting.decoder_heads, lambda i, x: gate(i, x, token, entry)
    )
    prediction = net.linear(net.norm(tokens[-1], "decoder_norm"), setting.head)
    target = patches(images, setting.patch, setting.patch_order)
    if setting.norm_pix:
        mean = target.mean(-1, keepdim=True)
        variance = target.var(-1, unbiased=True, keepdim=True)
        target = (target - mean) / (variance + setting.norm_pix_eps).sqrt()
    square = ((prediction - target) ** 2).mean(-1)
    loss = (square * batch.mask).sum() / batch.mask.sum()
    return loss, prediction, Held(token, entry, tokens, logits)


METHODS = {"simmim": simmim, "mae": mae}
