"""Recomputes steps of mtobench's end-of-run evaluations in float64 with PyTorch and compares.

usage: /usr/bin/python3 internal/parity/check_final.py step.safetensors...

Fine-tuning and the attentive probe, as methods.md 1.7 and docs/evaluation.md define them. Prints one line a
quantity; exits 0 if all hold, 1 if not, 2 if a file can't be used. README.md beside this file describes the files.
"""

import json
import math
import sys

sys.dont_write_bytecode = True

import torch
import torch.nn.functional as F

import check
import model
import stepfile

# Keys and values share a tensor, but a query of standard deviation 0.02 makes the keys' gradients far smaller: the
# error that is accepted of the tensor's moves most of the keys' updates.
EXEMPT = {"finetune": check.EXEMPT, "attentive": 0.5}


class Setting:
    """The strings of the metadata, typed; what check.check_step reads has its names there."""

    def __init__(self, text):
        self.text = text
        self.evaluation, self.gelu = text["evaluation"], text["gelu"]
        for name in ("image", "patch", "width", "depth", "heads", "step", "classifiers", "layer"):
            setattr(self, name, int(text[name]))
        for name in ("ln_eps", "lr", "beta1", "beta2", "adam_eps", "weight_decay", "clip", "smoothing", "loss"):
            setattr(self, name, float(text[name]))
        self.decay = set(json.loads(text["decay"]))
        self.lr_scale = json.loads(text["lr_scale"])
        self.grid = self.image // self.patch
        if int(text["class_tokens"]):
            raise ValueError("class_tokens: this check knows networks without a class token only")


def stream(parameters, images, s, depth):
    """The residual stream behind block depth: [B,N,D]."""
    net = model.Network(parameters, s.ln_eps, s.gelu)
    x = net.embed(images, s.patch) + model.sincos(s.width, s.grid)
    return net, net.blocks(x, "blocks.", depth, s.heads, lambda i, x: None)[0][-1]


def finetune(parameters, images, s):
    net, x = stream(parameters, images, s, s.depth)
    return [net.linear(net.norm(x.mean(1), "fc_norm"), "head")]


def attentive(parameters, tokens, s):
    """The logits of each candidate: one query attends to the tokens, split in heads."""
    b, n, d = tokens.shape
    logits = []
    for i in range(s.classifiers):
        p = {k[len(f"candidate.{i}.") :]: v for k, v in parameters.items() if k.startswith(f"candidate.{i}.")}
        keys, values = (tokens @ p["kv.weight"].T + p["kv.bias"]).split(d, -1)
        split = lambda x: x.reshape(b, n, s.heads, d // s.heads)
        score = torch.einsum("hj,bnhj->bhn", p["query"].reshape(s.heads, d // s.heads), split(keys)) / math.sqrt(d // s.heads)
        pooled = torch.einsum("bhn,bnhj->bhj", F.softmax(score, -1), split(values)).reshape(b, d)
        logits.append(pooled @ p["fc.weight"].T + p["fc.bias"])
    return logits


def examine(path):
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    tensors, text = stepfile.read(path)
    if text.get("format") != "mtobench-final-step" or text.get("schema") != "1":
        raise ValueError(f"{path}: format {text.get('format')!r} schema {text.get('schema')!r}, want mtobench-final-step 1")
    s = Setting(text)
    kinds = ("param_before", "param_after", "grad", "m_before", "v_before", "m_after", "v_after")
    file = {kind: check.prefixed(tensors, kind + "/") for kind in kinds}
    parameters = {k: v.requires_grad_() for k, v in file["param_before"].items()}
    images = torch.tensor(tensors["pixels"], dtype=torch.float64)
    labels = torch.tensor(tensors["labels"], dtype=torch.int64)
    report = check.Report()
    print(f"     {s.evaluation}, step {s.step}, {images.shape[0]} images, {s.classifiers} classifiers")
    if s.evaluation == "finetune":
        logits = finetune(parameters, images, s)
    else:
        with torch.no_grad():
            x = stream(check.prefixed(tensors, "encoder/"), images, s, s.layer)[1]
            want = F.layer_norm(x, x.shape[-1:], eps=s.ln_eps)
        stored = torch.tensor(tensors["tokens"], dtype=torch.float64)
        check.frobenius("tokens", {"tokens": stored}, {"tokens": want}, 0.0, report)
        logits = attentive(parameters, stored, s)
    loss = sum(F.cross_entropy(x, labels, label_smoothing=s.smoothing) for x in logits)
    report.line("loss", abs(s.loss - float(loss)) / float(loss), check.LOSS, f"{float(loss):.9g}")
    loss.backward()
    gradients = {k: v.grad if v.grad is not None else torch.zeros_like(v) for k, v in parameters.items()}
    for v in parameters.values():
        v.requires_grad_(False)
    count = sum(g.numel() for g in gradients.values())
    silent = check.SILENT * math.sqrt(sum(float((g**2).sum()) for g in gradients.values()) / count)
    check.frobenius("grad", file["grad"], gradients, silent, report)
    check.check_step(file, gradients, silent, s, report, EXEMPT[s.evaluation])
    return report.failed


if __name__ == "__main__":
    sys.exit(check.main(sys.argv[1:], examine, __doc__))
