"""dkimpy as a peer: one command a line, words separated by spaces, octets in base64; one answer a line."""
import base64
import re
import sys

import dkim

KEYS, FOLDER = {}, sys.argv[1]


def der(name):
    text = open(f"{FOLDER}/{name}.pem").read()
    return base64.b64decode("".join(line for line in text.splitlines() if "-----" not in line))


PRIVATE = {
    "rsa": open(f"{FOLDER}/rsa2048.pem", "rb").read(),
    # dkimpy wants the bare seed, which ends the PKCS#8 structure.
    "ed25519": base64.b64encode(der("ed25519")[-32:]),
}


def dns(name, timeout=5):
    return KEYS.get(name.rstrip(b"."))


def answer(words):
    command, words = words[0], words[1:]
    if command == "key":
        KEYS[words[0].encode()] = base64.b64decode(words[1])
        return "ok"
    message = base64.b64decode(words[0])
    if command == "verify":
        return "pass" if dkim.verify(message, dnsfunc=dns) else "fail"
    if command == "sign":
        kind, header, body = words[1:4]
        field = dkim.sign(message, b"peer" + kind.encode(), b"peer.example", PRIVATE[kind],
                          canonicalize=(header.encode(), body.encode()), signature_algorithm=kind.encode() + b"-sha256",
                          include_headers=[b"from", b"subject", b"x-many", b"x-many", b"x-many"])
        return base64.b64encode(field).decode()
    if command == "arc-sign":
        fields = dkim.arc_sign(message, b"peerrsa", b"peer.example", PRIVATE["rsa"], words[1].encode(), timestamp="1700000000")
        return base64.b64encode(b"".join(fields)).decode()
    if command == "arc-verify":
        cv, results, reason = dkim.arc_verify(message, dnsfunc=dns)
        return f"{cv.decode()} {re.sub(' ', '_', str(reason))}"
    return "unknown"


for line in sys.stdin:
    try:
        print(answer(line.split()), flush=True)
    except Exception as error:  # what dkimpy cannot read has no signature that passes
        print("error", type(error).__name__, re.sub(r"\s+", "_", str(error)), flush=True)
