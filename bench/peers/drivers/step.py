"""A training step of SimMIM or MAE in PyTorch on the CPU, as a worker that times it on request.

    step.py version
    step.py NAME METHOD MODEL THREADS [compile]

Builds the model, takes warm-up steps and prints "ready". Then, for each line of standard input, the seconds to measure
for, it prints one line of the Go benchmark format under NAME. METHOD is simmim or mae, MODEL one of MODELS.

The step is the one of harness.BenchmarkStep less what costs it time and a PyTorch program could do without: batches lie
ready, standardised, cut into patches and with their masks drawn; the gradient's norm isn't clipped; no average of the
weights is kept. Where PyTorch has several ways, this takes the fastest one of the version at hand: GELU's erf form,
attention in one call, the fused optimizer.

B images, T tokens, D width, h heads.
"""

import os
import sys
import time

MODELS = {  # image side, channels, width, depth
    "vit_micro": (28, 1, 96, 4),
    "vit_mini": (28, 1, 192, 6),
    "vit_tiny": (32, 3, 192, 12),
}
BATCH, PATCH, HEADS = 64, 4, 3
DECODER_WIDTH, DECODER_DEPTH = 96, 2

if len(sys.argv) not in (2, 5, 6) or (len(sys.argv) == 2 and sys.argv[1] != "version"):
    sys.exit(__doc__)

import torch
import torch.nn.functional as F
from torch import nn

VERSION = tuple(int(x) for x in torch.__version__.split(".")[:2])


def attention(q, k, v):
    """q, k, v [B,h,T,D/h] -> [B,h,T,D/h]"""
    if VERSION >= (2, 0):
        return F.scaled_dot_product_attention(q, k, v)
    return torch.softmax((q * q.shape[-1] ** -0.5) @ k.transpose(-2, -1), -1) @ v


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width, eps=1e-6), nn.LayerNorm(width, eps=1e-6)
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.fc1, self.fc2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        b, t, d = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(b, t, 3, HEADS, d // HEADS).permute(2, 0, 3, 1, 4).unbind(0)
        x = x + self.proj(attention(q, k, v).transpose(1, 2).reshape(b, t, d))
        return x + self.fc2(F.gelu(self.fc1(self.norm2(x))))


class Stack(nn.Sequential):
    """depth blocks and the last LayerNorm."""

    def __init__(self, width, depth):
        super().__init__(*[Block(width) for _ in range(depth)], nn.LayerNorm(width, eps=1e-6))


class SimMIM(nn.Module):
    def __init__(self, tokens, pixels, width, depth):
        super().__init__()
        self.embed, self.head = nn.Linear(pixels, width), nn.Linear(width, pixels)
        self.mask_token = nn.Parameter(torch.zeros(width))
        self.register_buffer("position", torch.randn(tokens, width) * 0.02)
        self.blocks = Stack(width, depth)

    def forward(self, patches, mask, visible, restore):  # [B,T,pixels], [B,T,1], [B,n], [B,T]
        x = self.embed(patches) * (1 - mask) + self.mask_token * mask + self.position
        prediction = self.head(self.blocks(x))
        return ((prediction - patches).abs() * mask).sum() / (mask.sum() * patches.shape[2])


class MAE(nn.Module):
    def __init__(self, tokens, pixels, width, depth):
        super().__init__()
        self.embed, self.head = nn.Linear(pixels, width), nn.Linear(DECODER_WIDTH, pixels)
        self.register_buffer("position", torch.randn(tokens, width) * 0.02)
        self.blocks = Stack(width, depth)
        self.bridge = nn.Linear(width, DECODER_WIDTH)
        self.mask_token = nn.Parameter(torch.zeros(DECODER_WIDTH))
        self.register_buffer("decoder_position", torch.randn(tokens, DECODER_WIDTH) * 0.02)
        self.decoder = Stack(DECODER_WIDTH, DECODER_DEPTH)

    def forward(self, patches, mask, visible, restore):
        def take(x, index):  # [B,T,D], [B,n] -> [B,n,D]
            return torch.gather(x, 1, index[:, :, None].expand(-1, -1, x.shape[2]))

        b, t, _ = patches.shape
        n = visible.shape[1]
        x = self.embed(take(patches, visible)) + self.position[visible]
        x = self.bridge(self.blocks(x))
        x = torch.cat([x, self.mask_token.expand(b, t - n, DECODER_WIDTH)], 1)
        prediction = self.head(self.decoder(take(x, restore) + self.decoder_position))
        target = (patches - patches.mean(-1, keepdim=True)) / (patches.var(-1, keepdim=True) + 1e-6).sqrt()
        return (((prediction - target) ** 2).mean(-1, keepdim=True) * mask).sum() / mask.sum()


def flops(method, tokens, pixels, width, depth):
    """Floating-point operations of the matrix products of one image, forward and backward."""

    def stack(t, d, blocks):  # linear layers 2*12*T*D*D, attention 2*2*T*T*D
        return blocks * t * (24 * d * d + 4 * t * d)

    if method == "simmim":
        embed = 2 * tokens * pixels * width
        rest = stack(tokens, width, depth) + 2 * tokens * width * pixels
    else:
        n = tokens // 4
        embed = 2 * n * pixels * width
        rest = stack(n, width, depth) + 2 * n * width * DECODER_WIDTH
        rest += stack(tokens, DECODER_WIDTH, DECODER_DEPTH) + 2 * tokens * DECODER_WIDTH * pixels
    return 3 * rest + 2 * embed  # pixels need no gradient


def peak_rss_bytes():
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    raise RuntimeError("/proc/self/status has no VmHWM")


def main():
    if sys.argv[1] == "version":
        print("%d.%d" % VERSION)
        return
    name, method, model, threads = sys.argv[1:5]
    if "compile" in sys.argv[5:]:
        from torch._inductor.cpu_vec_isa import pick_vec_isa

        if torch.backends.cpu.get_cpu_capability() != "DEFAULT" and not pick_vec_isa():
            sys.exit("torch.compile finds no vector instructions on a CPU that has some: its compiler or linker doesn't work")
    torch.set_num_threads(int(threads))
    torch.manual_seed(1)
    side, channels, width, depth = MODELS[model]
    tokens, pixels = (side // PATCH) ** 2, PATCH * PATCH * channels

    net = {"simmim": SimMIM, "mae": MAE}[method](tokens, pixels, width, depth)
    fastest = {"fused": True} if VERSION >= (2, 4) else {"foreach": True}
    optimizer = torch.optim.AdamW(net.parameters(), lr=1.5e-4, betas=(0.9, 0.95), weight_decay=0.05, **fastest)
    forward = torch.compile(net) if "compile" in sys.argv[5:] else net

    patches = torch.randn(BATCH, tokens, pixels)
    order = torch.rand(BATCH, tokens).argsort(1)
    n = tokens // 4 if method == "mae" else tokens - round(0.6 * tokens)
    visible, restore = order[:, :n].contiguous(), order.argsort(1)
    mask = torch.ones(BATCH, tokens, 1).scatter_(1, visible[:, :, None], 0.0)

    def step():
        optimizer.zero_grad(set_to_none=True)
        forward(patches, mask, visible, restore).backward()
        optimizer.step()

    for _ in range(3):
        step()
    print("ready", flush=True)
    for line in sys.stdin:
        seconds, steps = float(line), 0
        step()  # warm caches, threads awake
        begin = time.perf_counter()
        while True:
            step()
            steps += 1
            elapsed = time.perf_counter() - begin
            if elapsed >= seconds:
                break
        each = elapsed / steps
        rate = flops(method, tokens, pixels, width, depth) * BATCH / each / 1e9
        print(
            f"Benchmark{name} {steps} {each * 1e9:.0f} ns/op {rate:.5g} GFLOP/s {BATCH / each:.5g} images/s "
            f"{peak_rss_bytes()} peak-RSS-bytes",
            flush=True,
        )
    os._exit(0)  # OpenMP runtimes preloaded beside another one may hang in their destructors


main()
