"""Recomputes training steps of mtobench in float64 with PyTorch and compares.

usage: /usr/bin/python3 internal/parity/check.py step.safetensors...

Prints one line a quantity (worst error, tolerance, ok or FAIL); exits 0 if all hold, 1 if not, 2 if a file
can't be used. README.md beside this file describes the files.
"""

import json
import math
import os
import sys

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.dont_write_bytecode = True

import numpy as np
import torch

import model
import mto
import stepfile

LOSS = 1e-5  # relative, each term
TENSOR = 1e-4  # relative Frobenius error: gradients, moments, predictions
STEP = 1e-2  # parameters after the step, in units of the learning rate
SILENT = 1e-6  # a tensor whose gradient is below this share of the whole gradient (root mean square) is silent
EXEMPT = 0.15  # at most this share of the entries may be undecided (see parameters)


class Setting:
    """The strings of the metadata, typed."""

    def __init__(self, text):
        self.text = text
        self.method = text["method"]
        for name in ("image", "channels", "patch", "width", "depth", "heads", "step"):
            setattr(self, name, int(text[name]))
        for name in ("ln_eps", "lr", "beta1", "beta2", "adam_eps", "weight_decay", "clip", "mask_ratio"):
            setattr(self, name, float(text[name]))
        self.gelu, self.head, self.patch_order = text["gelu"], text["head"], text["patch_order"]
        self.decay = set(json.loads(text["decay"]))
        self.lr_scale = {}  # factors on the learning rate, 1 where there is none
        self.grid = self.image // self.patch
        if self.method == "simmim":
            self.loss_guard, self.mask_unit = float(text["loss_guard"]), int(text["mask_unit"])
        else:
            self.norm_pix, self.norm_pix_eps = text["norm_pix"] == "true", float(text["norm_pix_eps"])
            for name in ("decoder_depth", "decoder_heads"):
                setattr(self, name, int(text[name]))
        if int(text.get("class_tokens", "0")):
            raise ValueError("class_tokens: this check knows networks without a class token only")


class Coefficients:
    """MTO's numbers; every one is in the metadata under mto., also with MTO off."""

    def __init__(self, text):
        self.gate = text["mto.gate"]
        self.centred = text.get("mto.centred") == "true"
        for name in (
            "w_mass", "w_entropy", "b_s", "lambda_spa", "lambda_e", "lambda_r",
            "tau", "eps", "kappa", "mu", "e_min", "s",
        ):  # fmt: skip
            setattr(self, name, float(text["mto." + name]))


class Batch:
    """mask [B,N] in {0,1}; visible [B,n] and masked [B,m]: ascending positions, taken from the mask."""

    def __init__(self, mask):
        self.mask = torch.tensor(mask, dtype=torch.float64)
        self.visible = torch.tensor(np.stack([np.flatnonzero(row == 0) for row in mask]))
        self.masked = torch.tensor(np.stack([np.flatnonzero(row != 0) for row in mask]))


class Report:
    def __init__(self):
        self.failed = 0

    def line(self, name, error, tolerance, note=""):
        ok = bool(error <= tolerance)  # a NaN fails
        self.failed += not ok
        print(f"{'ok  ' if ok else 'FAIL'} {name}: {error:.3g} (at most {tolerance:.3g}){'; ' if note else ''}{note}")


def prefixed(tensors, prefix):
    """The float tensors under prefix, in float64."""
    n = len(prefix)
    return {k[n:]: torch.tensor(v, dtype=torch.float64) for k, v in tensors.items() if k.startswith(prefix)}


def rms(x):
    return float((x**2).mean().sqrt())


def check_mask(tensors, batch, s, report):
    """The index sets are those of the mask, and the counts are the generator's."""
    wrong = 0
    for name in ("visible", "masked"):
        got = torch.tensor(tensors[name], dtype=torch.int64)
        want = getattr(batch, name)
        wrong += int(got.shape != want.shape or not torch.equal(got.sort(1).values, want))
    if "restore" in tensors:  # restore[j] < n: position j is visible and holds visible[restore[j]]
        restore = torch.tensor(tensors["restore"], dtype=torch.int64)
        visible = torch.tensor(tensors["visible"], dtype=torch.int64)
        for b in range(restore.shape[0]):
            for j in range(restore.shape[1]):
                r = int(restore[b, j])
                is_visible = r < visible.shape[1]
                wrong += is_visible == bool(batch.mask[b, j]) or (is_visible and int(visible[b, r]) != j)
    n = s.grid**2
    if s.method == "simmim":
        side = s.mask_unit // s.patch
        units = (s.image // s.mask_unit) ** 2
        want = math.ceil(round(s.mask_ratio * units, 6)) * side**2
    else:
        want = n - math.floor(round(n * (1 - s.mask_ratio), 6))
    wrong += int((batch.mask.sum(1) != want).sum())
    report.line("index sets", wrong, 0, f"{want} of {n} patches masked")


def check_losses(tensors, terms, held, batch, c, report):
    # L_r is a sum of differences of H, which is of order 1: its error is measured against the margin of a step too.
    scale = {"mto_r": c.mu / max(1, len(held.tokens) - 1)}
    stored = {k[5:]: float(v.reshape(-1)[0]) for k, v in tensors.items() if k.startswith("loss/")}
    for name in sorted(set(stored) | set(terms)):
        if name not in stored or name not in terms:
            report.line("loss/" + name, math.inf, LOSS, "in the file" if name in stored else "not in the file")
            continue
        want = float(terms[name])
        error = abs(stored[name] - want) / max(abs(want), scale.get(name, 0.0), 1e-30)
        report.line("loss/" + name, error, LOSS, f"{want:.9g}")
    with torch.no_grad():
        diagnostics = {"heterogeneity": None, "masked_mass": None}
        if any(k.startswith("mto/") for k in tensors):
            diagnostics["heterogeneity"] = [float(h) for h in mto.layers(held, batch, c)]
            diagnostics["masked_mass"] = mto.masses(held, batch)
    for name, want in diagnostics.items():
        if "mto/" + name in tensors:
            got = np.asarray(tensors["mto/" + name], np.float64).reshape(-1)
            error = np.abs(got - want).max() if len(got) == len(want) else math.inf
            report.line("mto/" + name, error, LOSS, " ".join(f"{x:.4f}" for x in want))


def frobenius(kind, got, want, floor, report):
    """One line: the worst relative Frobenius error over the tensors. floor: smallest rms that counts as a signal."""
    worst, where, silent = 0.0, "", []
    for name, w in want.items():
        size = max(rms(w), floor)
        if rms(w) < floor:
            silent.append(name)
        error = rms(got[name] - w) / size if size else rms(got[name])
        if not error <= worst:
            worst, where = error, name
    note = "worst in " + where
    if silent:
        note += "; silent: " + ", ".join(silent)
    report.line(kind, worst, TENSOR, note)


def adamw(p, m, v, g, s, name):
    """One step of AdamW for the tensor called name: decay first, eps outside the root. Returns p, m, v."""
    lr = s.lr * s.lr_scale.get(name, 1)
    m = s.beta1 * m + (1 - s.beta1) * g
    v = s.beta2 * v + (1 - s.beta2) * g * g
    mhat, vhat = m / (1 - s.beta1**s.step), v / (1 - s.beta2**s.step)
    p = p * (1 - lr * s.weight_decay) if name in s.decay else p
    return p - lr * mhat / (vhat.sqrt() + s.adam_eps), m, v


def ranges(flags):
    """Indices of the set entries of a flat tensor as text: 48-95 for a run."""
    index = torch.nonzero(flags.reshape(-1)).reshape(-1).tolist()
    runs = []
    for i in index:
        if runs and runs[-1][1] == i - 1:
            runs[-1][1] = i
        else:
            runs.append([i, i])
    text = [f"{a}" if a == b else f"{a}-{b}" for a, b in runs[:6]]
    return " ".join(text) + (f" and {len(runs) - 6} more runs" if len(runs) > 6 else "")


def check_step(file, gradients, silent, s, report, exempt=EXEMPT):
    """Clipping, moments and parameters.

    The arithmetic of the optimizer is judged with the file's own gradients: no entry is excused. The whole step is
    judged with ours; there an entry is undecided, and excused, if a change of its gradient by the accepted gradient
    error (TENSOR times the rms of its tensor) moves its update by more than STEP. This happens where Adam divides a
    gradient that is zero in theory (a key bias) by its own noise, and near sign changes in the first steps.
    """
    norm = math.sqrt(sum(float((g**2).sum()) for g in gradients.values()))
    report.line("gradient norm", abs(float(s.text["grad_norm"]) - norm) / norm, TENSOR, f"{norm:.9g}")
    scale = min(1.0, s.clip / norm) if s.clip > 0 else 1.0
    moments = {"m": {}, "v": {}}
    arithmetic, whole, where, undecided, total = 0.0, 0.0, "", {}, 0
    for name, g in gradients.items():
        before = [file[kind][name] for kind in ("param_before", "m_before", "v_before")]
        after, lr = file["param_after"][name], s.lr * s.lr_scale.get(name, 1)
        rounding = before[0].abs() * 2.0**-22 / lr  # of a float32 parameter, in units of lr
        own, _, _ = adamw(*before, file["grad"][name] * scale, s, name)
        arithmetic = max(arithmetic, float(((after - own).abs() / lr - rounding).max()))

        p, moments["m"][name], moments["v"][name] = adamw(*before, g * scale, s, name)
        slack = TENSOR * max(rms(g), silent) * scale
        shaken = [adamw(*before, g * scale + sign * slack, s, name)[0] for sign in (-1, 1)]
        open_ = ((shaken[0] - p).abs() > STEP * lr) | ((shaken[1] - p).abs() > STEP * lr)
        total += open_.numel()
        if bool(open_.any()):
            undecided[name] = open_
        error = (((after - p).abs() / lr - rounding) * (~open_)).max()
        if not float(error) <= whole:
            whole, where = float(error), name
    report.line("optimizer arithmetic / lr", arithmetic, STEP / 10, "with the file's gradients, no entry excused")
    for kind in ("m", "v"):
        size = math.sqrt(sum(float((x**2).sum()) for x in moments[kind].values()) / total)
        frobenius(kind + "_after", file[kind + "_after"], moments[kind], SILENT * size, report)
    report.line("param_after / lr", whole, STEP, "worst in " + where if where else "")
    count = sum(int(x.sum()) for x in undecided.values())
    report.line("undecided entries, share", count / total, exempt, f"{count} of {total}")
    for name, flags in undecided.items():
        print(f"     undecided: {name}: {int(flags.sum())} of {flags.numel()}: {ranges(flags)}")


def check(path):
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    tensors, text = stepfile.read(path)
    if text.get("format") != "mtobench-step" or text.get("schema") != "1":
        raise ValueError(f"{path}: format {text.get('format')!r} schema {text.get('schema')!r}, want mtobench-step 1")
    s, c = Setting(text), Coefficients(text)
    kinds = ("param_before", "param_after", "grad", "m_before", "v_before", "m_after", "v_after")
    file = {kind: prefixed(tensors, kind + "/") for kind in kinds}
    for kind in kinds:
        if file[kind].keys() != file["param_before"].keys():
            raise ValueError(f"{path}: {kind}/ holds other names than param_before/")
    parameters = {k: v.requires_grad_() for k, v in file["param_before"].items()}
    batch = Batch(tensors["mask"])
    images = torch.tensor(tensors["pixels"], dtype=torch.float64)
    report = Report()
    print(f"     {s.method}, mto {text['mto']}, step {s.step}, {images.shape[0]} images, {s.text['model']}")
    check_mask(tensors, batch, s, report)

    net = model.Network(parameters, s.ln_eps, s.gelu)
    loss, prediction, held = model.METHODS[s.method](net, images, batch, s, mto.gate(c.gate, batch, c))
    terms = {"mim": loss, **mto.terms(held, batch, c)}
    weights = {"mim": 1, "mto_e": c.lambda_e, "mto_r": c.s * c.lambda_r, "mto_spa": c.s * c.lambda_spa}
    terms["total"] = sum(weights[k] * v for k, v in terms.items())
    terms["total"].backward()
    gradients = {k: v.grad if v.grad is not None else torch.zeros_like(v) for k, v in parameters.items()}
    for v in parameters.values():
        v.requires_grad_(False)

    check_losses(tensors, terms, held, batch, c, report)
    frobenius("pred", {"pred": torch.tensor(tensors["pred"], dtype=torch.float64).reshape(prediction.shape)},
              {"pred": prediction.detach()}, 0.0, report)  # fmt: skip
    count = sum(g.numel() for g in gradients.values())
    silent = SILENT * math.sqrt(sum(float((g**2).sum()) for g in gradients.values()) / count)
    frobenius("grad", file["grad"], gradients, silent, report)
    check_step(file, gradients, silent, s, report)
    return report.failed


def main(paths, examine=check, usage=__doc__):
    if not paths:
        sys.exit(usage)
    failed = 0
    for path in paths:
        print(path)
        try:
            failed += examine(path)
        except (OSError, KeyError, ValueError) as e:
            print(f"parity: {path}: {type(e).__name__}: {e}", file=sys.stderr)
            return 2
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
