"""Decrypts by the README's section "Format", with Python's `cryptography`: a reader that shares no code with the package.

Reads a JSON object per line {key, bytes, envelope, address}, prints the value of each in hexadecimal digits.
"""
import base64
import hashlib
import hmac
import json
import sys

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def netstrings(fields):
    return b"".join(str(len(f.encode())).encode() + b":" + f.encode() + b"," for f in fields)


def decrypt(key, stored, envelope, address):
    text = lambda field: str(envelope.get(field, ""))
    raw = lambda field: base64.b64decode(text(field))
    info = b"millrace.xcom.aes-gcm.v1 data-key mac-key key-commitment"
    derived = HKDF(hashes.SHA256(), 96, raw("salt"), info).derive(key)
    data_key, mac_key, commitment = derived[:32], derived[32:64], derived[64:]
    assert hmac.compare_digest(commitment, raw("key_commitment"))
    context = netstrings(
        ["millrace.xcom.aes-gcm", "1", "AES-256-GCM"]
        + [text(f) for f in ("key_id", "wrapped_key", "segment_bytes", "checksum_algorithm", "encrypted_at")]
        + [address["dagId"], address["runId"], address["taskId"], str(address["mapIndex"]), address["key"]]
    )
    inner = ""
    if "inner" in envelope:
        inner = json.dumps(envelope["inner"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    closing = netstrings([text("segment_count"), text("checksum"), inner])
    gcm, iv, tag = AESGCM(data_key), raw("iv"), raw("tag")

    def nonce(kind, index):
        mixed = bytearray(iv)
        mixed[7] ^= kind
        for place, byte in enumerate(index.to_bytes(4, "big")):
            mixed[8 + place] ^= byte
        return bytes(mixed)

    if "segment_bytes" not in envelope:
        value = gcm.decrypt(iv, stored + tag, context + closing)
    else:
        gcm.decrypt(nonce(2, 0), tag, context + closing)
        size, count = envelope["segment_bytes"], envelope["segment_count"]
        cut = [stored[n * size : None if n == count - 1 else (n + 1) * size] for n in range(count)]
        value = b"".join(gcm.decrypt(nonce(1 if n == count - 1 else 0, n), s, context) for n, s in enumerate(cut))
    mac = hmac.new(mac_key, context + value + f"{inner}:{len(value)}".encode(), hashlib.sha256).hexdigest()
    assert envelope["checksum"] == f"hmac-sha256:{envelope['key_id']}:{mac}"
    return value


for line in sys.stdin:
    case = json.loads(line)
    print(decrypt(bytes.fromhex(case["key"]), base64.b64decode(case["bytes"]), case["envelope"], case["address"]).hex())
