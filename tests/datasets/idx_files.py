"""Files in the IDX format of MNIST, written the slow way."""

import struct


def idx_bytes(values):
    """Return the bytes of an IDX file of these values, any shape, written value by value."""
    content = struct.pack(">BBBB", 0, 0, 8, values.ndim)
    for length in values.shape:
        content += struct.pack(">I", length)
    for value in values.ravel().tolist():
        content += struct.pack(">B", value)
    return content
