"""Plain PyTorch modules whose parameters have the names that `mtobench export` writes.

They need torch alone and are written from the layouts that timm, the official MAE code and Hugging Face's
transformers publish, so that a strict load says whether the names and shapes are theirs, and the outputs
whether the numbers mean what those names say.

B images, C channels, N patches, D width, p patch side, k class tokens (0 or 1).
"""

import math

import torch
from torch import nn


def attend(q, k, v, heads):
    """Softmax attention of [B,T,D] tensors."""
    b, t, d = q.shape
    q, k, v = (x.reshape(b, t, heads, d // heads).transpose(1, 2) for x in (q, k, v))
    return ((q @ k.transpose(-1, -2) / math.sqrt(d // heads)).softmax(-1) @ v).transpose(1, 2).reshape(b, t, d)


class Sizes:
    """What the modules must know; field names are timm's."""

    def __init__(self, metadata):
        n = lambda name: int(metadata[name])  # noqa: E731
        self.image, self.patch, self.channels = n("image_size"), n("patch_size"), n("channels")
        self.patches, self.eps = (self.image // self.patch) ** 2, float(metadata["layer_norm_eps"])
        self.classes = 1 if metadata["class_token"] == "true" else 0
        self.gelu = {"tanh": "tanh", "erf": "none"}[metadata["gelu"]]

    def norm(self, width):
        return nn.LayerNorm(width, eps=self.eps)

    def activation(self):
        return nn.GELU(approximate=self.gelu)


# timm and the official MAE code


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads, self.qkv, self.proj = heads, nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x):
        return self.proj(attend(*self.qkv(x).chunk(3, -1), self.heads))


class Mlp(nn.Module):
    def __init__(self, width, hidden, s):
        super().__init__()
        self.fc1, self.act, self.fc2 = nn.Linear(width, hidden), s.activation(), nn.Linear(hidden, width)

    def forward(self, x):
        return self.fc2(self.act(self.fc1(x)))


class Block(nn.Module):
    def __init__(self, width, heads, ratio, s):
        super().__init__()
        self.norm1, self.attn = s.norm(width), Attention(width, heads)
        self.norm2, self.mlp = s.norm(width), Mlp(width, int(ratio * width), s)

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class PatchEmbed(nn.Module):
    def __init__(self, s, width):
        super().__init__()
        self.proj = nn.Conv2d(s.channels, width, s.patch, s.patch)

    def forward(self, images):
        return self.proj(images).flatten(2).transpose(1, 2)


class VisionTransformer(nn.Module):
    """timm's, with global_pool="avg" and fc_norm=False: tokens() of any layer, norm behind the last."""

    def __init__(self, s, a):
        super().__init__()
        width = a["embed_dim"]
        self.s = s
        if s.classes:
            self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embed = nn.Parameter(torch.zeros(1, s.classes + s.patches, width))
        self.patch_embed = PatchEmbed(s, width)
        self.blocks = nn.ModuleList([Block(width, a["num_heads"], a["mlp_ratio"], s) for _ in range(a["depth"])])
        self.norm = s.norm(width)

    def start(self, z):
        """Patch embeddings [B,N,D] with position, behind the class token."""
        z = z + self.pos_embed[:, self.s.classes :]
        if self.s.classes:
            first = self.cls_token + self.pos_embed[:, :1]
            z = torch.cat([first.expand(len(z), -1, -1), z], 1)
        return z

    def layers(self, images):
        """Residual stream [B,k+N,D] after 0, 1, ... blocks."""
        all = [self.start(self.patch_embed(images))]
        for block in self.blocks:
            all.append(block(all[-1]))
        return all

    def last(self, x):
        return self.norm(x)


class SimMIM(VisionTransformer):
    """The encoder with a mask token and a linear head (decoder.0); pixels count channel, row, column."""

    def __init__(self, s, a, extra):
        super().__init__(s, a)
        width = a["embed_dim"]
        self.mask_token = nn.Parameter(torch.zeros(1, 1, width))
        self.decoder = nn.Sequential(nn.Linear(width, s.patch**2 * s.channels))

    def predict(self, images, mask):
        w = mask[:, :, None]
        x = self.start((1 - w) * self.patch_embed(images) + w * self.mask_token)
        for block in self.blocks:
            x = block(x)
        return self.decoder(self.norm(x)[:, self.s.classes :])


def visible(x, mask):
    """The visible ones of [B,N,D] patch tokens, in image order, and their places [B,n]."""
    n = int((mask[0] == 0).sum())
    place = torch.argsort(mask, dim=1, stable=True)[:, :n]
    return torch.gather(x, 1, place[:, :, None].expand(-1, -1, x.shape[2])), place


def restore(y, token, place, patches):
    """Mask tokens [B,N,D] with the visible tokens y [B,n,D] in their places."""
    x = token.expand(len(y), patches, y.shape[2])
    return x.scatter(1, place[:, :, None].expand_as(y), y)


class MaskedAutoencoder(VisionTransformer):
    """The official MAE; pixels count row, column, channel."""

    def __init__(self, s, a, extra):
        super().__init__(s, a)
        width, d = a["embed_dim"], extra["decoder_width"]
        self.decoder_embed = nn.Linear(width, d)
        self.mask_token = nn.Parameter(torch.zeros(1, 1, d))
        self.decoder_pos_embed = nn.Parameter(torch.zeros(1, s.classes + s.patches, d))
        self.decoder_blocks = nn.ModuleList([Block(d, extra["decoder_heads"], a["mlp_ratio"], s) for _ in range(extra["decoder_depth"])])
        self.decoder_norm = s.norm(d)
        self.decoder_pred = nn.Linear(d, s.patch**2 * s.channels)

    def predict(self, images, mask):
        k = self.s.classes
        x = self.start(self.patch_embed(images))
        seen, place = visible(x[:, k:], mask)
        x = torch.cat([x[:, :k], seen], 1)
        for block in self.blocks:
            x = block(x)
        y = self.decoder_embed(self.norm(x))
        y = torch.cat([y[:, :k], restore(y[:, k:], self.mask_token, place, self.s.patches)], 1) + self.decoder_pos_embed
        for block in self.decoder_blocks:
            y = block(y)
        return self.decoder_pred(self.decoder_norm(y)[:, k:])


# Hugging Face's transformers, names of its published checkpoints


class Named(nn.Module):
    """A module made of named parts, for the levels of a name that do nothing else."""

    def __init__(self, **parts):
        super().__init__()
        for name, part in parts.items():
            setattr(self, name, part)


class Layer(nn.Module):
    def __init__(self, width, heads, hidden, s):
        super().__init__()
        linear = nn.Linear
        self.heads, self.act = heads, s.activation()
        self.attention = Named(
            attention=Named(query=linear(width, width), key=linear(width, width), value=linear(width, width)),
            output=Named(dense=linear(width, width)),
        )
        self.intermediate, self.output = Named(dense=linear(width, hidden)), Named(dense=linear(hidden, width))
        self.layernorm_before, self.layernorm_after = s.norm(width), s.norm(width)

    def forward(self, x):
        a, y = self.attention.attention, self.layernorm_before(x)
        x = x + self.attention.output.dense(attend(a.query(y), a.key(y), a.value(y), self.heads))
        return x + self.output.dense(self.act(self.intermediate.dense(self.layernorm_after(x))))


class Encoder(nn.Module):
    """ViTModel, ViTMAEModel and IJepaModel: they differ in class and mask token."""

    def __init__(self, s, c, mask_token=False):
        super().__init__()
        width = c["hidden_size"]
        self.s = s
        self.embeddings = Named(
            position_embeddings=nn.Parameter(torch.zeros(1, s.classes + s.patches, width)),
            patch_embeddings=Named(projection=nn.Conv2d(s.channels, width, s.patch, s.patch)),
        )
        if s.classes:
            self.embeddings.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        if mask_token:
            self.embeddings.mask_token = nn.Parameter(torch.zeros(1, 1, width))
        layer = [Layer(width, c["num_attention_heads"], c["intermediate_size"], s) for _ in range(c["num_hidden_layers"])]
        self.encoder, self.layernorm = Named(layer=nn.ModuleList(layer)), s.norm(width)

    def embed(self, images):
        return self.embeddings.patch_embeddings.projection(images).flatten(2).transpose(1, 2)

    def start(self, z):
        if self.s.classes:
            z = torch.cat([self.embeddings.cls_token.expand(len(z), -1, -1), z], 1)
        return z + self.embeddings.position_embeddings

    def layers(self, images):
        all = [self.start(self.embed(images))]
        for layer in self.encoder.layer:
            all.append(layer(all[-1]))
        return all

    def last(self, x):
        return self.layernorm(x)


class WithEncoder(nn.Module):
    def layers(self, images):
        return self.vit.layers(images)

    def last(self, x):
        return self.vit.layernorm(x)


class ViTForMaskedImageModeling(WithEncoder):
    def __init__(self, s, c):
        super().__init__()
        self.s, self.vit = s, Encoder(s, c, mask_token=True)
        self.decoder = nn.Sequential(nn.Conv2d(c["hidden_size"], s.patch**2 * s.channels, 1), nn.PixelShuffle(s.patch))

    def predict(self, images, mask):
        """The head gives images; they are cut into patches of (channel, row, column) again."""
        w, s = mask[:, :, None], self.s
        x = self.vit.start((1 - w) * self.vit.embed(images) + w * self.vit.embeddings.mask_token)
        for layer in self.vit.encoder.layer:
            x = layer(x)
        x = self.vit.layernorm(x)[:, s.classes :]
        g = s.image // s.patch
        pixels = self.decoder(x.transpose(1, 2).reshape(len(x), -1, g, g))
        return pixels.reshape(len(x), s.channels, g, s.patch, g, s.patch).permute(0, 2, 4, 1, 3, 5).reshape(len(x), s.patches, -1)


class ViTMAEForPreTraining(WithEncoder):
    def __init__(self, s, c):
        super().__init__()
        d = c["decoder_hidden_size"]
        self.s, self.vit = s, Encoder(s, c)
        layers = [Layer(d, c["decoder_num_attention_heads"], c["decoder_intermediate_size"], s) for _ in range(c["decoder_num_hidden_layers"])]
        self.decoder = Named(
            mask_token=nn.Parameter(torch.zeros(1, 1, d)),
            decoder_pos_embed=nn.Parameter(torch.zeros(1, s.classes + s.patches, d)),
            decoder_embed=nn.Linear(c["hidden_size"], d),
            decoder_layers=nn.ModuleList(layers),
            decoder_norm=s.norm(d),
            decoder_pred=nn.Linear(d, s.patch**2 * s.channels),
        )

    def predict(self, images, mask):
        k, d = self.s.classes, self.decoder
        x = self.vit.start(self.vit.embed(images))
        seen, place = visible(x[:, k:], mask)
        x = torch.cat([x[:, :k], seen], 1)
        for layer in self.vit.encoder.layer:
            x = layer(x)
        y = d.decoder_embed(self.vit.layernorm(x))
        y = torch.cat([y[:, :k], restore(y[:, k:], d.mask_token, place, self.s.patches)], 1) + d.decoder_pos_embed
        for layer in d.decoder_layers:
            y = layer(y)
        return d.decoder_pred(d.decoder_norm(y)[:, k:])
