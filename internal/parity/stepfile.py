"""Reads a safetensors file: 8 bytes of header length, a JSON header, raw little-endian data."""

import json
import struct

import numpy as np

DTYPES = {"F32": "<f4", "F64": "<f8", "I32": "<i4", "I64": "<i8", "U8": "u1", "BOOL": "?"}


def read(path):
    """Returns (tensors, metadata): name -> numpy array, name -> string."""
    with open(path, "rb") as f:
        raw = f.read()
    if len(raw) < 8:
        raise ValueError(f"{path}: {len(raw)} bytes, a safetensors file has at least 8")
    (length,) = struct.unpack("<Q", raw[:8])
    if length > len(raw) - 8:
        raise ValueError(f"{path}: header of {length} bytes, the file has {len(raw) - 8} after its length")
    header = json.loads(raw[8 : 8 + length])
    metadata = header.pop("__metadata__", {})
    body = raw[8 + length :]
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        dtype = np.dtype(DTYPES[entry["dtype"]])
        count = int(np.prod(entry["shape"], dtype=np.int64))
        if not 0 <= begin <= end <= len(body) or end - begin != count * dtype.itemsize:
            raise ValueError(f"{path}: {name}: bytes {begin} to {end} do not hold {count} {entry['dtype']}")
        tensors[name] = np.frombuffer(body, dtype, count, begin).reshape(entry["shape"])
    return tensors, metadata
