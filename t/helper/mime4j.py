#!/usr/bin/env python3
"""Compares what mailtree says of mime4j's messages with mime4j's own files.

    mailtree DIR/*.msg | mime4j.py DIR

The expected structure is NAME_decoded.xml, the content of each leaf the file that it
names; names of files are read from the header fields in the XML by Python's own
email package. Prints one line for each message: `same NAME`, `newlines NAME` where some
lines end in LF for CRLF and that is all, or `differs NAME: what`.
"""
import base64
import email.header
import email.message
import glob
import json
import os
import re
import sys
import xml.etree.ElementTree as ET


def read(path):
    with open(path, "rb") as f:
        return f.read()


def decoded_name(value):
    """RFC 2231 gives a tuple, RFC 2047 (in spite of the RFCs) encoded words."""
    if isinstance(value, tuple):
        return value[2].encode("latin-1", "surrogateescape").decode(value[0] or "us-ascii")
    parts = email.header.decode_header(value)
    return "".join(p.decode((c or "utf-8").split("*")[0], "replace") if isinstance(p, bytes) else p
                   for p, c in parts)


def name_of(fields):
    """The file name: Content-Disposition's filename, else Content-Type's name."""
    m = email.message.Message()
    for f in fields:
        key, _, value = f.partition(":")
        key = key.strip()
        if key.lower() not in m:
            m[key] = re.sub(r"\r?\n", "", value.strip())
    for header, param in (("content-disposition", "filename"), ("content-type", "name")):
        if header in m:
            value = m.get_param(param, None, header)
            if value is not None:
                return decoded_name(value)
    return ""


def expected(entity, folder, depth):
    """(depth, kind, number of fields, name, content) of an entity and all in it."""
    header = entity.find("header")
    fields = [f.text.lstrip("\n") for f in header.findall("field")]
    base = (depth, len(fields), name_of(fields))
    for child in entity:
        if child.tag == "multipart":
            yield ("multipart",) + base + (None,)
            for part in child.findall("body-part"):
                yield from expected(part, folder, depth + 1)
        elif child.tag == "message":
            yield ("message",) + base + (None,)
            yield from expected(child, folder, depth + 1)
        elif child.tag in ("text-body", "binary-body"):
            yield ("leaf",) + base + (read(os.path.join(folder, child.get("name"))),)


def load(path):
    # no encoding is declared, and fields hold whatever the message held
    text = read(path).decode("utf-8", "surrogateescape")
    text = text.encode("utf-8", "replace").decode("utf-8")
    text = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f]", "?", text)
    return ET.fromstring(text)


def compare(want, got):
    newlines = False
    for i, (w, g) in enumerate(zip(want, got)):
        where = "part %d" % (i + 1)
        for what, a, b in zip(("kind", "depth", "number of fields", "name"), w, g):
            if a != b:
                return "differs", ": %s: %s is %r, not %r" % (where, what, b, a)
        if w[4] is not None and w[4] != g[4]:
            if w[4].replace(b"\r\n", b"\n") == g[4].replace(b"\r\n", b"\n"):
                newlines = True
                continue
            return "differs", ": %s: content of %d bytes, not %d" % (where, len(g[4]), len(w[4]))
    if len(want) != len(got):
        return "differs", ": %d parts, not %d" % (len(got), len(want))
    return "newlines" if newlines else "same", ""


def main():
    folder = sys.argv[1]
    got = {}
    for line in sys.stdin:
        p = json.loads(line)
        content = base64.b64decode(p["bytes_b64"]) if "bytes_b64" in p else None
        got.setdefault(os.path.basename(p["file"])[:-4], []).append(
            (p["kind"], p["depth"], p["fields"], p["name"], content))
    for msg in sorted(glob.glob(os.path.join(folder, "*.msg"))):
        name = os.path.basename(msg)[:-4]
        want = list(expected(load(msg[:-4] + "_decoded.xml"), folder, 0))
        how, why = compare(want, got.get(name, []))
        print("%s %s%s" % (how, name, why))


main()
