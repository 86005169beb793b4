"""Loads exported models into plain PyTorch modules, strictly, and compares their features with mtobench's.

usage: /usr/bin/python3 internal/modelfile/check.py MODEL.safetensors EXAMPLE.safetensors [MODEL EXAMPLE ...]

MODEL is what `mtobench export` wrote, EXAMPLE what its --example wrote. Prints one line a quantity, the
largest absolute difference; exits 0 if all are within 1e-5, 1 if not or if a tensor is missing, unexpected
or of another shape, 2 if a file can't be read.
"""

import json
import os
import sys

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.dont_write_bytecode = True
sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "parity"))

import torch
import torch.nn.functional as F

import modules
import stepfile

TOLERANCE = 1e-5


def module(names, metadata):
    """The module for a file's metadata; which of timm's depends on what the file holds."""
    s = modules.Sizes(metadata)
    if "hf" in metadata:
        config = json.loads(metadata["hf"])
        name = config["architectures"][0]
        return modules.Encoder(s, config) if name == "IJepaModel" else getattr(modules, name)(s, config)
    a = json.loads(metadata["timm"])
    if "mask_token" not in names:  # --strict-timm
        return modules.VisionTransformer(s, a)
    if metadata["method"] == "simmim":
        return modules.SimMIM(s, a, None)
    return modules.MaskedAutoencoder(s, a, {k: int(metadata[k]) for k in ("decoder_width", "decoder_depth", "decoder_heads")})


def compare(name, ours, theirs):
    """Prints a line and reports whether it fails."""
    worst = (ours - theirs).abs().max().item() if ours.shape == theirs.shape else float("inf")
    ok = worst <= TOLERANCE
    print(f"{'ok  ' if ok else 'FAIL'} {name}: {worst:.2e}" + ("" if ours.shape == theirs.shape else f" ({tuple(ours.shape)} and {tuple(theirs.shape)})"))
    return not ok


def check(model_path, example_path):
    """Returns the number of failures."""
    tensors, metadata = stepfile.read(model_path)
    arrays, _ = stepfile.read(example_path)
    example = {k: torch.tensor(v) for k, v in arrays.items()}
    net = module(tensors, metadata).eval()
    try:
        net.load_state_dict({k: torch.tensor(v) for k, v in tensors.items()}, strict=True)
    except RuntimeError as e:
        print(f"FAIL load: {e}")
        return 1
    print(f"ok   load: {type(net).__name__} took all {len(tensors)} tensors, strictly")
    images, first = example["images"].permute(0, 3, 1, 2), net.s.classes
    failed = 0
    with torch.no_grad():
        layers = net.layers(images)
        for i, x in enumerate(layers):
            feature = F.layer_norm(x[:, first:], x.shape[-1:], eps=net.s.eps).mean(1)
            failed += compare(f"features of layer {i}", example["features"][i], feature)
        failed += compare("tokens behind the norm", example["tokens"], net.last(layers[-1])[:, first:])
        if hasattr(net, "predict"):
            failed += compare("prediction under a mask", example["pred"], net.predict(images, example["mask"]))
    return failed


def main(paths):
    if not paths or len(paths) % 2:
        print(__doc__)
        return 2
    failed = 0
    for model_path, example_path in zip(paths[::2], paths[1::2]):
        print(model_path)
        try:
            failed += check(model_path, example_path)
        except (OSError, KeyError, ValueError) as e:
            print(f"check: {model_path}: {type(e).__name__}: {e}", file=sys.stderr)
            return 2
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
