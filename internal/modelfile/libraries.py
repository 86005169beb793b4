"""Loads exported models into timm and Hugging Face's transformers themselves, strictly, and compares their
features with mtobench's. Run by hand: it needs pip packages that CI doesn't install.

usage: pip install torch timm transformers safetensors
       python internal/modelfile/libraries.py MODEL.safetensors EXAMPLE.safetensors [MODEL EXAMPLE ...]

MODEL is what `mtobench export` wrote (for timm with --strict-timm), EXAMPLE what its --example wrote. Exit
status 0 if everything is within 1e-5, 1 if not.
"""

import functools
import json
import os
import sys

sys.dont_write_bytecode = True

import safetensors
import safetensors.torch
import timm
import torch
import torch.nn.functional as F
import transformers

from check import compare


def check_timm(path, metadata, example):
    """timm.create_model with the arguments of the metadata, load_state_dict(strict=True)."""
    arguments = json.loads(metadata["timm"])
    eps = float(metadata["layer_norm_eps"])
    if eps != 1e-6:
        arguments["norm_layer"] = functools.partial(torch.nn.LayerNorm, eps=eps)
    net = timm.create_model(arguments.pop("model_name"), **arguments).eval()
    print(f"ok   timm {type(net).__name__}: {net.load_state_dict(safetensors.torch.load_file(path), strict=True)}")
    images = example["images"].permute(0, 3, 1, 2)
    failed = 0
    for i, x in enumerate(net.forward_intermediates(images, norm=False, intermediates_only=True, output_fmt="NLC")):
        failed += compare(f"features of layer {i + 1}", example["features"][i + 1], F.layer_norm(x, x.shape[-1:], eps=eps).mean(1))
    failed += compare("forward_features", example["tokens"], net.forward_features(images)[:, net.num_prefix_tokens :])
    return failed + compare("forward (pooled)", example["tokens"].mean(1), net(images))


def check_hf(path, metadata, example):
    """from_pretrained of the folder; nothing may be missing, unexpected or of another shape."""
    name = json.loads(metadata["hf"])["architectures"][0]
    net, info = getattr(transformers, name).from_pretrained(os.path.dirname(os.path.abspath(path)), output_loading_info=True)
    wrong = {k: v for k, v in info.items() if v}
    print(f"{'FAIL' if wrong else 'ok  '} transformers {name}: {wrong or 'nothing missing, unexpected or mismatched'}")
    failed, eps = int(bool(wrong)), float(metadata["layer_norm_eps"])
    net = net.eval()
    images, mask = example["images"].permute(0, 3, 1, 2), example["mask"]
    first = 1 if metadata["class_token"] == "true" else 0
    more = {"output_hidden_states": True}
    if name == "ViTMAEForPreTraining":  # it always masks: nothing here, and then the example's mask, by the order of the noise
        ratio, order = net.config.mask_ratio, torch.arange(float(mask.shape[1]))
        net.config.mask_ratio = 0.0
        out = net.vit(images, noise=order.expand(len(images), -1), **more)
        net.config.mask_ratio = ratio
        prediction = net(images, noise=mask * mask.shape[1] + order).logits
    elif name == "ViTForMaskedImageModeling":
        out = net.vit(images, **more)
        pixels, p, c = net(images, bool_masked_pos=mask.bool()).reconstruction, int(metadata["patch_size"]), images.shape[1]
        g = images.shape[2] // p
        prediction = pixels.reshape(-1, c, g, p, g, p).permute(0, 2, 4, 1, 3, 5).reshape(len(images), g * g, -1)
    else:
        out, prediction = net(images, **more), None
    for i, x in enumerate(out.hidden_states[: len(example["features"])]):
        failed += compare(f"features of layer {i}", example["features"][i], F.layer_norm(x[:, first:], x.shape[-1:], eps=eps).mean(1))
    failed += compare("last_hidden_state", example["tokens"], out.last_hidden_state[:, first:])
    if prediction is not None:
        failed += compare("prediction under a mask", example["pred"], prediction)
    return failed


def main(paths):
    if not paths or len(paths) % 2:
        print(__doc__)
        return 2
    print(f"torch {torch.__version__}, timm {timm.__version__}, transformers {transformers.__version__}, safetensors {safetensors.__version__}")
    failed = 0
    for model, example in zip(paths[::2], paths[1::2]):
        print(model)
        with safetensors.safe_open(model, "pt") as f:
            metadata = f.metadata()
        run = check_hf if "hf" in metadata else check_timm
        with torch.no_grad():
            failed += run(model, metadata, safetensors.torch.load_file(example))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
