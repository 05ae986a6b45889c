"""Ranges (RFC 9110 §14): every byte of every part is compared with the file."""

import email.parser
import email.policy
import email.utils
import functools
import os
import random
import re

from support import E2E, MTIME, Truncated, folder_of, numbered, quick, shared, strong_tag, wait_until

SMALL = numbered(10_000)                # kept in memory by the server
LARGE_BODY = numbered(300_000)          # sent from its descriptor
BOUNDS = tuple((1 << bits) + near for bits in (31, 32, 63, 64) for near in (-1, 0, 1)) + (10 ** 30, 10 ** 400)

WHOLE, NEVER = "200", "416"             # in place of the ranges of a 206


def cases(n):
    """What a value of Range means to a file of n bytes, n being at least 10,000."""
    last = n - 1
    yield from (
        ("bytes=0-0", [(0, 0)]), ("bytes=0-9", [(0, 9)]), ("bytes=1-1", [(1, 1)]), ("bytes=17-4242", [(17, 4242)]),
        ("bytes=0-", [(0, last)]), ("bytes=5000-", [(5000, last)]), (f"bytes={last}-", [(last, last)]),
        (f"bytes=0-{last}", [(0, last)]), (f"bytes=0-{last - 1}", [(0, last - 1)]), (f"bytes=9-{n}", [(9, last)]),
        (f"bytes={last}-{n + 5}", [(last, last)]),
        ("bytes=-1", [(last, last)]), ("bytes=-500", [(n - 500, last)]), (f"bytes=-{last}", [(1, last)]), (f"bytes=-{n}", [(0, last)]),
        (f"bytes=-{n + 1}", [(0, last)]),
        ("bytes=007-0009", [(7, 9)]), ("bytes=" + "0" * 60 + "7-9", [(7, 9)]), ("bytes=-" + "0" * 60 + "2", [(n - 2, last)]),
        ("BYTES=0-9", [(0, 9)]), ("Bytes=-9", [(n - 9, last)]),
        ("bytes=,0-9", [(0, 9)]), ("bytes=0-9,", [(0, 9)]), ("bytes=0-9 , ,", [(0, 9)]),

        (f"bytes={n}-", NEVER), (f"bytes={n}-{n}", NEVER), (f"bytes={n}-{n + 10}", NEVER), ("bytes=-0", NEVER), ("bytes=-000", NEVER),
        (f"bytes={n}-,-0", NEVER), (f"bytes={n}-{n + 1},{n + 7}-", NEVER),

        ("bytes=5-4", WHOLE), ("bytes=1-0", WHOLE), ("bytes=0-9,5-4", WHOLE),
        ("bytes=", WHOLE), ("bytes=,", WHOLE), ("bytes=, ,", WHOLE), ("bytes", WHOLE), ("bytes 0-9", WHOLE), ("bytes:0-9", WHOLE),
        ("bytes=-", WHOLE), ("bytes=--1", WHOLE), ("bytes=1--2", WHOLE), ("bytes=0-1-2", WHOLE), ("bytes=a-b", WHOLE), ("bytes=0-b", WHOLE),
        ("bytes=a-9", WHOLE), ("bytes=0x0-0x9", WHOLE), ("bytes=+0-9", WHOLE), ("bytes=0-+9", WHOLE), ("bytes=0.0-9", WHOLE),
        ("bytes=0 -9", WHOLE), ("bytes=0- 9", WHOLE), ("bytes=0", WHOLE), ("bytes=*", WHOLE), ("bytes=0-*", WHOLE), ("bytes=0-9/10", WHOLE),
        ("bytes=0-9;x", WHOLE), ("bytes=0-9;20-29", WHOLE), ("bytes=0-9 20-29", WHOLE), ("bytes=0-9,x", WHOLE), ("bytes=x,0-9", WHOLE),
        ("bytes==0-9", WHOLE), ("=0-9", WHOLE), ("0-9", WHOLE), ("byte=0-9", WHOLE), ("bytess=0-9", WHOLE), ("items=0-9", WHOLE),
        ("none=0-9", WHOLE), ('"bytes"=0-9', WHOLE), ("bytes=0-9\xa0", WHOLE), ("bytes=\xb2-9", WHOLE), ("", WHOLE),

        ("bytes=0-99,5000-5099", [(0, 99), (5000, 5099)]), ("bytes=5000-5099,0-99", [(5000, 5099), (0, 99)]),
        ("bytes=0-0,-1", [(0, 0), (last, last)]), ("bytes=-1,0-0", [(last, last), (0, 0)]),
        ("bytes=0-99 , 5000-5099,, -100", [(0, 99), (5000, 5099), (n - 100, last)]),
        ("bytes=0-99,100-199", [(0, 199)]), ("bytes=0-99,50-199", [(0, 199)]), ("bytes=0-99,120-199", [(0, 199)]),
        ("bytes=0-999,5-9", [(0, 999)]), ("bytes=5-9,5-9", [(5, 9)]), ("bytes=5-9,5-9,5-9,0-9", [(0, 9)]),
        ("bytes=0-9,5000-5009,5-99", [(0, 99), (5000, 5009)]),
        (f"bytes=0-99,{n}-", [(0, 99)]), (f"bytes={n}-,0-99", [(0, 99)]), ("bytes=0-99,-0", [(0, 99)]),
        (f"bytes={n}-,0-99,{n + 5}-{n + 6},4000-4009", [(0, 99), (4000, 4009)]),
        (f"bytes=0-,-{n}", [(0, last)]),
        ("bytes=" + ",".join(f"{at}-{at + 9}" for at in range(0, 9600, 600)), [(at, at + 9) for at in range(0, 9600, 600)]),
        ("bytes=" + ",".join(f"{at}-{at + 9}" for at in range(0, 8500, 500)), WHOLE),
        ("bytes=" + ",".join(f"{at}-{at}" for at in range(0, 10000, 200)), WHOLE),
    )
    for bound in BOUNDS:
        yield f"bytes=0-{bound}", [(0, last)]
        yield f"bytes=7-{bound}", [(7, last)]
        yield f"bytes=-{bound}", [(0, last)]
        yield f"bytes={bound}-", NEVER
        yield f"bytes={bound}-{bound + 1}", NEVER
        yield f"bytes={bound}-5", WHOLE
        yield f"bytes=0-9,{bound}-", [(0, 9)]
        yield f"bytes=0-9,5000-{bound}", [(0, 9), (5000, last)]


def parts_of(response):
    """The parts of a multipart/byteranges answer, taken apart by hand: (first, last, total, type, bytes) each."""
    boundary = re.fullmatch(r'multipart/byteranges; ?boundary=(?:"([^"]+)"|([^\s";,]+))', response.field("content-type"))
    assert boundary, response.field("content-type")
    boundary = boundary.group(1) or boundary.group(2)
    assert re.fullmatch(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]", boundary), f"RFC 2046 has no such boundary: {boundary!r}"
    pieces = (b"\r\n" + response.body).split(b"\r\n--" + boundary.encode())
    assert pieces[0] in (b"", b"\r\n"), f"before the first part: {pieces[0][:200]!r}"
    assert pieces[-1] in (b"--", b"--\r\n"), f"after the last part: {pieces[-1][:200]!r}"
    parts = []
    for piece in pieces[1:-1]:
        assert piece.startswith(b"\r\n"), piece[:200]
        head, _, body = piece[2:].partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode("ascii").lower().split("\r\n"))
        match = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", fields["content-range"])
        assert match, fields
        parts.append((*map(int, match.groups()), fields.get("content-type"), body))
    return parts


def parts_by_email(response):
    """The same, as Python's parser of mail has it: (Content-Range, bytes) each."""
    head = f"Content-Type: {response.field('content-type')}\r\nMIME-Version: 1.0\r\n\r\n".encode()
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + response.body)
    assert message.is_multipart() and not message.defects, message.defects
    return [(part["content-range"], part.get_payload(decode=True)) for part in message.iter_parts()]


def ranges_in(response, content, content_type):
    """The ranges that a 206 has, when all in it is as it must be."""
    n = len(content)
    if not response.field("content-type").startswith("multipart/"):
        match = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", response.field("content-range"))
        assert match, response.raw_head
        first, last, total = map(int, match.groups())
        assert total == n and first <= last < n, response.raw_head
        assert response.body == content[first:last + 1], f"other bytes than those of {first} to {last}"
        assert response.field("content-length") == str(last - first + 1)
        assert response.field("content-type") == content_type
        return [(first, last)]
    assert response.field("content-range") is None, "RFC 9110 §15.3.7.2: none in the head of a multipart answer"
    assert response.field("content-length") == str(len(response.body)), "its length is known before"
    parts = parts_of(response)
    for first, last, total, kind, body in parts:
        assert total == n and first <= last < n and kind == content_type.lower(), (first, last, total, kind)
        assert body == content[first:last + 1], f"other bytes than those of {first} to {last}"
    assert [body for _, body in parts_by_email(response)] == [part[-1] for part in parts]
    return [part[:2] for part in parts]


@functools.cache
def folder():
    return folder_of({"small.txt": SMALL, "large.html": LARGE_BODY, "empty.txt": b"", "one.txt": b"1"})


class RangeCase(E2E):
    def assert_range(self, client, target, content, value, expected, fields=""):
        whole = client.ask(target, method="HEAD", fields=fields)
        response = client.ask(target, fields=f"Range: {value}\r\n{fields}")
        note = f"{value[:200]!r} of {len(content)} bytes: {response!r}"
        if expected == WHOLE:
            self.assertEqual((response.status, response.field("content-range")), (200, None), note)
            self.assertTrue(response.body == content, note)
        elif expected == NEVER:
            self.assertEqual((response.status, response.field("content-range")), (416, f"bytes */{len(content)}"), note)
            self.assertIsNone(response.field("content-encoding"), note)
        else:
            self.assertEqual(response.status, 206, note)
            self.assertEqual(ranges_in(response, content, whole.field("content-type")), expected, note)
            for name in ("accept-ranges", "etag", "last-modified", "vary", "cache-control", "content-encoding"):
                self.assertEqual(response.field(name), whole.field(name), note)


@quick
class Ranges(RangeCase):
    def files(self):
        return self.server("serve", folder(), "--workers", "1")

    def test_the_table_holds_for_a_small_file(self):
        client = self.client(self.files())
        for value, expected in cases(len(SMALL)):
            with self.subTest(value=value[:100]):
                self.assert_range(client, "/small.txt", SMALL, value, expected)

    def test_the_table_holds_for_a_large_file(self):
        client = self.client(self.files())
        for value, expected in cases(len(LARGE_BODY)):
            with self.subTest(value=value[:100]):
                self.assert_range(client, "/large.html", LARGE_BODY, value, expected)

    def test_a_file_of_one_byte_and_an_empty_one(self):
        client = self.client(self.files())
        for value, expected in (("bytes=0-", [(0, 0)]), ("bytes=0-0", [(0, 0)]), ("bytes=-1", [(0, 0)]), ("bytes=-2", [(0, 0)]),
                                ("bytes=1-", NEVER),
                                ("bytes=1-1", NEVER), ("bytes=-0", NEVER), ("bytes=0-0,0-0", [(0, 0)])):
            self.assert_range(client, "/one.txt", b"1", value, expected)
        for value in ("bytes=0-", "bytes=0-0", "bytes=1-", "bytes=-0"):
            self.assert_range(client, "/empty.txt", b"", value, NEVER)
        for value in ("bytes=-1", "bytes=-1000"):       # satisfiable by the words of §14.1.2, but Content-Range cannot say it
            self.assertIn(client.ask("/empty.txt", fields=f"Range: {value}\r\n").status, (200, 416), value)

    def test_a_range_on_head_is_ignored(self):
        client = self.client(self.files())
        for value in ("bytes=0-9", "bytes=0-9,5000-5009", "bytes=99999999-", "bytes=x"):
            response = client.ask("/small.txt", method="HEAD", fields=f"Range: {value}\r\n")
            self.assertEqual((response.status, response.field("content-length"), response.field("content-range")), (200, "10000", None),
                             value)

    def test_a_range_of_what_is_no_file_changes_nothing(self):
        client = self.client(shared("files"))
        for target, status in (("/nowhere", 404), ("/sub", 301), ("/pipe", 403)):
            response = client.ask(target, fields="Range: bytes=0-9\r\n")
            self.assertEqual((response.status, response.field("content-range")), (status, None), target)
        response = client.ask("/sub/", fields="Range: bytes=3-5\r\n")
        self.assertEqual((response.status, response.body), (206, b"sub"))

    def test_a_range_in_two_fields_is_ignored(self):
        response = self.client(self.files()).ask("/small.txt", fields="Range: bytes=0-9\r\nRange: bytes=20-29\r\n")
        self.assertEqual((response.status, response.body == SMALL), (200, True))

    def test_an_old_client_gets_its_ranges_too(self):
        response = self.client(self.files()).ask("/small.txt", version="1.0", fields="Range: bytes=-5\r\n")
        self.assertEqual((response.status, response.body), (206, SMALL[-5:]))
        response = self.client(self.files()).ask("/large.html", version="1.0", fields="Range: bytes=0-99,5000-70000\r\n")
        self.assertEqual(ranges_in(response, LARGE_BODY, "text/html; charset=utf-8"), [(0, 99), (5000, 70_000)])

    def test_pipelined_ranges_come_in_their_order(self):
        chance = random.Random(14)
        wanted = []
        for _ in range(60):
            name, content = chance.choice((("small.txt", SMALL), ("large.html", LARGE_BODY)))
            first = chance.randrange(len(content))
            wanted.append((name, content, first, chance.randrange(first, len(content))))
        client = self.client(self.files())
        client.send("".join(f"GET /{name} HTTP/1.1\r\nHost: x\r\nRange: bytes={first}-{last}\r\n\r\n" for name, _, first, last in wanted))
        for name, content, first, last in wanted:
            response = client.read()
            self.assertEqual((response.status, response.field("content-range")), (206, f"bytes {first}-{last}/{len(content)}"))
            self.assertTrue(response.body == content[first:last + 1], f"other bytes of {name}, {first} to {last}")

    def test_whatever_a_chance_asks_for_is_in_the_answer_and_right(self):
        chance = random.Random(9110)
        client = self.client(self.files())
        for _ in range(250):
            content = chance.choice((SMALL, LARGE_BODY))
            n = len(content)
            asked, specs = [], []
            for _ in range(chance.randrange(1, 9)):
                first = chance.randrange(n + n // 10)
                last = first + chance.choice((0, 9, 300, n // 7, n))
                kind = chance.randrange(4)
                if kind == 0:
                    size = chance.choice((0, 1, 77, n // 3, 2 * n))
                    specs.append(f"-{size}")
                    first, last = max(0, n - size), n - 1
                elif kind == 1:
                    specs.append(f"{first}-")
                    last = n - 1
                else:
                    specs.append(f"{first}-{last}")
                if first < n:
                    asked.append((first, min(last, n - 1)))
            value = "bytes=" + ",".join(specs)
            response = client.ask("/small.txt" if content is SMALL else "/large.html", fields=f"Range: {value}\r\n")
            if not asked:
                self.assertEqual((response.status, response.field("content-range")), (416, f"bytes */{n}"), value)
                continue
            self.assertLessEqual(len(response.body), n + 4096, f"{value}: more than the whole")
            if response.status == 200:
                self.assertTrue(response.body == content and len(specs) > 1, value)
                continue
            self.assertEqual(response.status, 206, value)
            kind = "text/plain; charset=utf-8" if content is SMALL else "text/html; charset=utf-8"
            got = ranges_in(response, content, kind)
            self.assertLessEqual(len(got), 16)
            for first, last in asked:
                self.assertTrue(any(a <= first and last <= b for a, b in got), f"{value}: {first} to {last} is not in {got}")
            self.assertTrue(all(b < c or d < a for i, (a, b) in enumerate(got) for c, d in got[:i]), f"{value}: bytes sent twice in {got}")

    def test_a_thousand_ranges_do_not_make_a_thousand_copies(self):
        client = self.client(self.files())
        for value in ("bytes=" + ",".join(["0-"] * 1500), "bytes=" + ",".join(f"{i}-" for i in range(1000)), "bytes=0-" + ",5-" * 1500):
            response = client.ask("/large.html", fields=f"Range: {value}\r\n")
            self.assertIn(response.status, (200, 206))
            self.assertLessEqual(len(response.body), len(LARGE_BODY) + 4096)

    def test_no_boundary_is_in_the_content(self):
        root = folder_of({"f.bin": SMALL})
        client = self.client(self.server("serve", root, "--workers", "1"))
        asked, seen = "Range: bytes=0-4999,6000-6999\r\n", set()
        for turn in range(20):
            response = client.ask("/f.bin", fields=asked)
            with open(os.path.join(root, "f.bin"), "rb") as f:
                content = f.read()
            self.assertEqual(len(ranges_in(response, content, "application/octet-stream")), 2)
            boundary = re.search(r'boundary="?([^";]+)', response.field("content-type")).group(1)
            self.assertGreaterEqual(len(boundary), 20, "one that nobody can guess")
            seen.add(boundary)
            if turn < 3:                         # the next content has the last boundary in it, wherever it could do harm
                false_part = f"\r\n--{boundary}\r\nContent-Range: bytes 0-1/2\r\n\r\nxx\r\n--{boundary}--\r\n".encode()
                hostile = (false_part * 100)[:6000] + SMALL[6000:]
                with open(os.path.join(root, "new"), "wb") as f:
                    f.write(hostile)
                os.rename(os.path.join(root, "new"), os.path.join(root, "f.bin"))
        self.assertGreater(len(seen), 15, "they repeat")

    def test_conditions_come_before_ranges(self):
        client = self.client(self.files())
        tag = strong_tag(client, "/small.txt")
        asked = "Range: bytes=0-9\r\n"
        for fields, status in ((f"If-None-Match: {tag}\r\n", 304), ('If-None-Match: "other"\r\n', 206), (f"If-Match: {tag}\r\n", 206),
                               ('If-Match: "other"\r\n', 412)):
            self.assertEqual(client.ask("/small.txt", fields=fields + asked).status, status, fields)
        self.assertEqual(client.ask("/small.txt", fields='If-Match: "other"\r\nRange: bytes=99999-\r\n').status, 412)

    def test_if_range_lets_a_range_through_for_the_very_same_content_alone(self):
        client = self.client(self.files())
        tag = strong_tag(client, "/small.txt")
        date = email.utils.formatdate(MTIME, usegmt=True)
        for value, holds in ((tag, True), (f"W/{tag}", False), ('"other"', False), (tag.strip('"'), False), (f"{tag}, {tag}", False),
                             ("*", False),
                             (f'{tag}, "other"', False), ('""', False), (tag[:-1], False), (tag[1:], False),
                             (date, True), ("Tuesday, 14-Nov-23 22:13:20 GMT", True), ("Tue Nov 14 22:13:20 2023", True),
                             (email.utils.formatdate(MTIME - 1, usegmt=True), False),
                             (email.utils.formatdate(MTIME + 1, usegmt=True), False),
                             ("Tue, 14 Nov 2023 22:13:20", False), ("yesterday", False), ("", False)):
            response = client.ask("/small.txt", fields=f"Range: bytes=0-9\r\nIf-Range: {value}\r\n")
            self.assertEqual((response.status, len(response.body)), (206, 10) if holds else (200, 10_000), f"If-Range: {value}")
        self.assertEqual(client.ask("/small.txt", fields=f"If-Range: {tag}\r\n").status, 200)
        self.assertEqual(client.ask("/small.txt", fields=f"If-Range: {tag}\r\nRange: bytes=99999-\r\n").status, 416)
        self.assertEqual(client.ask("/small.txt", fields='If-Range: "other"\r\nRange: bytes=99999-\r\n').status, 200)
        self.assertEqual(client.ask("/small.txt", method="HEAD", fields=f"If-Range: {tag}\r\nRange: bytes=0-9\r\n").status, 200)

    def test_a_file_that_has_just_changed_has_no_tag_for_if_range(self):
        root = folder_of({"f.txt": SMALL}, mtime=None)
        client = self.client(self.server("serve", root))
        tag = client.ask("/f.txt").field("etag")
        if not tag.startswith("W/"):
            self.skipTest("the machine was too slow: the file is old by now")
        self.assertEqual(client.ask("/f.txt", fields=f"Range: bytes=0-9\r\nIf-Range: {tag}\r\n").status, 200)
        self.assertEqual(client.ask("/f.txt", fields="Range: bytes=0-9\r\n").status, 206)


class OnTheirWay(RangeCase):
    """Several ranges of a large file, read slowly, while something happens to it."""

    SIZE = 16 << 20
    ASKED = f"Range: bytes=0-{6 << 20},{8 << 20}-{(14 << 20) - 1}\r\n"

    def started(self):
        """A client with the first bytes of the answer, the path of the file, and what it held."""
        content = numbered(1 << 20) * 16
        root = folder_of({"f.bin": content})
        client = self.client(self.server("serve", root, "--workers", "1"), timeout=20, receive_buffer=16384)
        client.send(f"GET /f.bin HTTP/1.1\r\nHost: x\r\n{self.ASKED}\r\n")
        client.pending = client.socket.recv(4096)
        return client, os.path.join(root, "f.bin"), content

    def test_nothing_does(self):
        client, _, content = self.started()
        self.assertEqual(ranges_in(client.read(), content, "application/octet-stream"), [(0, 6 << 20), (8 << 20, (14 << 20) - 1)])
        self.assertEqual(client.ask("/f.bin", method="HEAD").status, 200)

    def test_one_that_shrinks_is_cut(self):
        client, path, content = self.started()
        os.truncate(path, 9 << 20)
        with self.assertRaises(Truncated) as caught:
            client.read()
        self.assertLess(len(caught.exception.body), len(content))

    def test_one_that_is_replaced_goes_out_as_it_was(self):
        client, path, content = self.started()
        with open(path + ".new", "wb") as f:
            f.write(b"new" * len(content))
        os.rename(path + ".new", path)
        self.assertEqual(ranges_in(client.read(), content, "application/octet-stream"), [(0, 6 << 20), (8 << 20, (14 << 20) - 1)])

    def test_one_that_is_rewritten_in_place_is_cut(self):
        client, path, content = self.started()
        with open(path, "r+b") as f:
            f.write(b"n" * len(content))
        with self.assertRaises(Truncated):
            client.read()

    def test_clients_that_leave_cost_no_descriptor(self):
        root = folder_of({"f.bin": numbered(1 << 20) * 16})
        server = self.server("serve", root, "--workers", "1", "--cache-files", "0")
        self.assert_serves(server, "/f.bin")
        before = server.descriptors()
        clients = [self.client(server, receive_buffer=16384) for _ in range(10)]
        for client in clients:
            client.send(f"GET /f.bin HTTP/1.1\r\nHost: x\r\n{self.ASKED}\r\n")
            client.receive(100)
        self.assertGreaterEqual(server.descriptors(), before + 10)
        for i, client in enumerate(clients):
            client.reset() if i % 2 else client.close()
        wait_until(lambda: server.descriptors() <= before, 5, "descriptors of files and sockets given back")


class HugeFiles(RangeCase):
    def sparse(self, folder, size, marks):
        path = os.path.join(folder, "huge.bin")
        with open(path, "wb") as f:
            f.truncate(size)
            for at in marks:
                f.seek(at)
                f.write(b"%019d\n" % at)
        return path

    def assert_bytes(self, client, size, at):
        """Twenty bytes from `at` on, asked for in three ways that mean the same."""
        for value in (f"bytes={at}-{at + 19}", f"bytes=-{size - at}" if size - at == 20 else f"bytes={at}-{at + 19}"):
            response = client.ask("/huge.bin", fields=f"Range: {value}\r\n")
            self.assertEqual((response.status, response.field("content-range")), (206, f"bytes {at}-{at + 19}/{size}"), value)
            self.assertEqual(response.body, b"%019d\n" % at, value)

    def test_ranges_beyond_four_gibibytes(self):
        size = (5 << 30) + 20
        marks = [at + near for at in (1 << 31, 1 << 32) for near in (-40, -10, 20)] + [0, 5 << 30]
        root = folder_of({})
        self.sparse(root, size, marks)
        client = self.client(self.server("serve", root, "--workers", "1"))
        self.assertEqual(client.ask("/huge.bin", method="HEAD").field("content-length"), str(size))
        for at in marks:
            self.assert_bytes(client, size, at)
        response = client.ask("/huge.bin",
                              fields=f"Range: bytes={(1 << 32) + 20}-{(1 << 32) + 39},{5 << 30}-,{(1 << 31) + 20}-{(1 << 31) + 39}\r\n")
        self.assertEqual(response.status, 206)
        for first, last, total, _, body in parts_of(response):
            self.assertEqual((body, last - first, total), (b"%019d\n" % first, 19, size))
        self.assertEqual(client.ask("/huge.bin", fields=f"Range: bytes={size}-\r\n").status, 416)

    def test_ranges_at_the_end_of_the_largest_file_that_can_be(self):
        size = (1 << 63) - 1
        folder = "/dev/shm"
        try:
            root = os.path.join(folder, f"weir-e2e-{os.getpid()}")
            os.mkdir(root)
            self.addCleanup(os.rmdir, root)
            self.addCleanup(lambda: os.path.exists(os.path.join(root, "huge.bin")) and os.unlink(os.path.join(root, "huge.bin")))
            self.sparse(root, size, [size - 20])
        except OSError as error:
            self.skipTest(f"no file system here takes a file of 2^63 - 1 bytes: {error}")
        client = self.client(self.server("serve", root, "--workers", "1"))
        self.assertEqual(client.ask("/huge.bin", method="HEAD").field("content-length"), str(size))
        self.assert_bytes(client, size, size - 20)
        for value in (f"bytes={size - 20}-", f"bytes={size - 20}-{1 << 63}", f"bytes={size - 20}-{1 << 64}",
                      f"bytes={size - 20}-{(1 << 64) + 5}"):
            response = client.ask("/huge.bin", fields=f"Range: {value}\r\n")
            self.assertEqual((response.status, response.body), (206, b"%019d\n" % (size - 20)), value)
        for value in (f"bytes={size}-", f"bytes={1 << 63}-", f"bytes={1 << 64}-"):
            self.assertEqual(client.ask("/huge.bin", fields=f"Range: {value}\r\n").field("content-range"), f"bytes */{size}", value)
        response = client.ask("/huge.bin", fields=f"Range: bytes=0-9,{size - 20}-\r\n")
        self.assertEqual([part[-1] for part in parts_of(response)], [bytes(10), b"%019d\n" % (size - 20)])
