"""What a server has put on the wire, as a client takes it apart."""

import struct

FRAME_TEXT = 0x81


def unframed(data: bytes) -> list[bytes]:
    """The texts of whole, unmasked text frames, one after the other."""
    texts = []
    while data:
        kind, size, start = data[0], data[1], 2
        assert kind == FRAME_TEXT
        if size == 126:
            (size,) = struct.unpack("!H", data[2:4])
            start = 4
        elif size == 127:
            (size,) = struct.unpack("!Q", data[2:10])
            start = 10
        assert len(data) >= start + size
        texts.append(data[start : start + size])
        data = data[start + size :]
    return texts
