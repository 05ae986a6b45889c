"""Precompressed files: `x.br`, `x.zst` and `x.gz` stand for `x` where the client takes them (RFC 9110 §12.5.3)."""

import functools
import gzip
import os
import random
import time

from support import E2E, MTIME, curl, folder_of, numbered, on_epoll, quick, strong_tag, wait_until
from test_ranges import parts_of

PLAIN = b"body { color: black }\n" * 40 + random.Random(1).randbytes(2_000).hex().encode()
# Nobody here has to be able to unpack them: what counts is that these very bytes are sent. Only gzip is real, for curl.
BR, ZST, GZ = b"br:" + numbered(900), b"zst:" + numbered(1_000), gzip.compress(PLAIN)
BODIES = {"br": BR, "zstd": ZST, "gzip": GZ, None: PLAIN}

CHOICES = (
    # what a client sends, and the coding that it gets; all three are there
    (None, None), ("", None), ("gzip", "gzip"), ("br", "br"), ("zstd", "zstd"), ("x-gzip", "gzip"), ("GZip", "gzip"), ("BR", "br"),
    ("gzip, deflate, br, zstd", "br"), ("gzip, deflate, br", "br"), ("gzip,deflate", "gzip"), ("zstd,gzip", "zstd"),
    ("deflate, gzip;q=1.0, *;q=0.5", "gzip"),
    ("gzip;q=1.0, br;q=0.5", "gzip"), ("br;q=0.1, zstd;q=0.2, gzip;q=0.3", "gzip"), ("br;q=0.1, zstd;q=0.3, gzip;q=0.2", "zstd"),
    ("gzip;q=0.9,br", "br"),
    ("gzip;q=0.8, br;q=0.801", "br"), ("gzip;q=0.80,br;q=0.8", "br"), ("gzip ; q=0.8 , br ; q=0.7", "gzip"), ("gzip;Q=0.8, br;Q=0.9", "br"),
    ("gzip;q=0", None), ("gzip;q=0.000", None), ("gzip;q=0, br;q=0, zstd;q=0", None), ("*", "br"), ("*;q=0", None),
    ("*;q=0.5, gzip", "gzip"), ("br;q=0, *", "zstd"),
    ("br;q=0, zstd;q=0, *", "gzip"), ("*;q=0, gzip", "gzip"), ("identity", None), ("identity, gzip;q=0.5", None),
    ("identity;q=0.5, gzip", "gzip"),
    ("identity;q=0, gzip;q=0.1", "gzip"), ("identity;q=0", None), ("deflate", None), ("compress", None), ("brotli", None),
    ("gzipped", None), ("gzi", None),
    ("gzip;q=1.001", None), ("gzip;q=2", None), ("gzip;q=-1", None), ("gzip;q=x", None), ("gzip;q=0.1234", None), ("gzip;q=", None),
    ("g zip", None),
    ("gzip;q=nan, br;q=0.3", "br"), (",,gzip,,", "gzip"), (", ", None),
)


@functools.cache
def folder():
    files = {"x.css": PLAIN, "x.css.br": BR, "x.css.zst": ZST, "x.css.gz": GZ, "bare.css": PLAIN, "only.css.gz": GZ,
             "index.html": PLAIN, "index.html.gz": GZ, "large.txt": numbered(300_000), "large.txt.gz": numbered(200_000),
             "old.css": PLAIN, "old.css.br": BR, "old.css.gz": GZ, "same.css": PLAIN, "same.css.gz": GZ, "folder.css": PLAIN,
             "folder.css.gz": None,
             "out.css": PLAIN, "in.css": PLAIN, "dangling.css": PLAIN, ".hidden.css": PLAIN, ".hidden.css.gz": GZ}
    root = folder_of(files)
    os.utime(os.path.join(root, "old.css.br"), (MTIME - 1, MTIME - 1))
    with open(os.path.join(os.path.dirname(root), "secret.gz"), "wb") as f:
        f.write(b"secret")
    os.symlink("../secret.gz", os.path.join(root, "out.css.gz"))
    os.symlink("x.css.gz", os.path.join(root, "in.css.gz"))
    os.symlink("nowhere", os.path.join(root, "dangling.css.gz"))
    return root


def accept(value):
    return "" if value is None else f"Accept-Encoding: {value}\r\n"


@on_epoll
@quick
class Negotiation(E2E):
    def files(self, *args):
        return self.server("serve", folder(), "--workers", "1", *args)

    def assert_coding(self, response, coding, body, note):
        self.assertEqual((response.status, response.field("content-encoding")), (200, coding), note)
        self.assertTrue(response.body == body, f"{note}: other bytes, {len(response.body)} of them")
        self.assertEqual(response.field("content-length"), str(len(body)), note)

    def test_the_table_of_weights(self):
        client = self.client(self.files())
        for value, coding in CHOICES:
            with self.subTest(value=value):
                response = client.ask("/x.css", fields=accept(value))
                self.assert_coding(response, coding, BODIES[coding], value)
                self.assertEqual(response.field("content-type").split(";")[0], "text/css", value)
                self.assertEqual(response.field("vary").lower(), "accept-encoding", value)
                head = client.ask("/x.css", method="HEAD", fields=accept(value))
                self.assertEqual([h for h in head.headers if h[0] != "date"], [h for h in response.headers if h[0] != "date"], value)

    def test_several_fields_are_one_list(self):
        client = self.client(self.files())
        for values, coding in ((("gzip", "br"), "br"), (("gzip", "br;q=0.5"), "gzip"), (("gzip;q=0", "*"), "br"), (("", "zstd"), "zstd")):
            self.assert_coding(client.ask("/x.css", fields="".join(accept(v) for v in values)), coding, BODIES[coding], values)

    def test_each_coding_has_a_tag_of_its_own(self):
        client = self.client(self.files())
        tags = {coding: strong_tag(client, "/x.css", accept(coding)) for coding in BODIES}
        self.assertEqual(len(set(tags.values())), 4, tags)
        for coding, tag in tags.items():
            for wanted in BODIES:
                response = client.ask("/x.css", fields=accept(wanted) + f"If-None-Match: {tag}\r\n")
                self.assertEqual(response.status, 304 if wanted == coding else 200, f"the tag of {coding}, {wanted} is accepted")
                self.assertEqual(response.field("etag"), tags[wanted])
                self.assertEqual(response.field("vary").lower(), "accept-encoding", "a 304 needs it as its 200 does")
        every = ", ".join(tags.values())
        for wanted in BODIES:
            self.assertEqual(client.ask("/x.css", fields=accept(wanted) + f"If-None-Match: {every}\r\n").field("etag"), tags[wanted])

    def test_one_file_by_the_names_of_two_codings_has_two_tags(self):
        root = folder_of({"x.css": PLAIN})
        for ending in ("br", "gz"):
            os.link(os.path.join(root, "x.css"), os.path.join(root, f"x.css.{ending}"))
        client = self.client(self.server("serve", root, "--workers", "1"))
        tags = {client.ask("/x.css", fields=accept(coding)).field("etag") for coding in ("br", "gzip", None)}
        self.assertEqual(len(tags), 3, tags)

    def test_several_ranges_are_those_of_the_chosen_coding_too(self):
        client = self.client(self.files())
        for coding, body in BODIES.items():
            response = client.ask("/x.css", fields=accept(coding) + "Range: bytes=0-9,-10\r\n")
            self.assertEqual(response.status, 206)
            self.assertEqual([part[-1] for part in parts_of(response)], [body[:10], body[-10:]], coding)

    def test_ranges_are_those_of_the_chosen_coding(self):
        client = self.client(self.files())
        for coding, body in BODIES.items():
            for value, first, last in (("0-99", 0, 99), ("-50", len(body) - 50, len(body) - 1), ("20-", 20, len(body) - 1)):
                response = client.ask("/x.css", fields=accept(coding) + f"Range: bytes={value}\r\n")
                self.assertEqual((response.status, response.field("content-range"), response.field("content-encoding")),
                                 (206, f"bytes {first}-{last}/{len(body)}", coding))
                self.assertEqual(response.body, body[first:last + 1])
            response = client.ask("/x.css", fields=accept(coding) + f"Range: bytes={len(body)}-\r\n")
            self.assertEqual((response.status, response.field("content-range")), (416, f"bytes */{len(body)}"))

    def test_a_part_of_one_coding_is_never_joined_to_another(self):
        client = self.client(self.files())
        tags = {coding: strong_tag(client, "/x.css", accept(coding)) for coding in BODIES}
        for coding, tag in tags.items():
            for wanted, body in BODIES.items():
                response = client.ask("/x.css", fields=accept(wanted) + f"Range: bytes=10-\r\nIf-Range: {tag}\r\n")
                self.assertEqual((response.status, response.body), (206, body[10:]) if wanted == coding else (200, body), (coding, wanted))

    def test_a_file_without_siblings_does_not_vary(self):
        client = self.client(self.files())
        response = client.ask("/bare.css", fields=accept("gzip, br"))
        self.assert_coding(response, None, PLAIN, "bare")
        self.assertIsNone(response.field("vary"))

    def test_what_is_older_than_the_file_is_not_sent(self):
        client = self.client(self.files())
        self.assert_coding(client.ask("/old.css", fields=accept("br")), None, PLAIN, "older by a second")
        self.assert_coding(client.ask("/old.css", fields=accept("gzip, br")), "gzip", GZ, "the other one is as old as the file")
        self.assert_coding(client.ask("/same.css", fields=accept("gzip")), "gzip", GZ, "as old as the file")

    def test_what_is_no_regular_file_inside_is_not_sent(self):
        client = self.client(self.files())
        for name in ("folder", "out", "dangling"):
            self.assert_coding(client.ask(f"/{name}.css", fields=accept("gzip")), None, PLAIN, name)
        self.assert_coding(client.ask("/in.css", fields=accept("gzip")), "gzip", GZ, "a link that stays inside")
        denying = self.client(self.files("--symlinks", "deny"))
        self.assert_coding(denying.ask("/in.css", fields=accept("gzip")), None, PLAIN, "links are denied")

    def test_a_sibling_alone_stands_for_nothing(self):
        client = self.client(self.files())
        self.assertEqual(client.ask("/only.css", fields=accept("gzip")).status, 404)
        self.assertEqual(client.ask("/.hidden.css", fields=accept("gzip")).status, 404)
        for fields in ("", accept("gzip")):
            response = client.ask("/only.css.gz", fields=fields)
            self.assert_coding(response, None, GZ, "asked for by its own name")
            self.assertIn(response.field("content-type"), ("application/gzip", "application/x-gzip"))

    def test_an_index_and_a_large_file_have_siblings_too(self):
        client = self.client(self.files())
        response = client.ask("/", fields=accept("gzip"))
        self.assert_coding(response, "gzip", GZ, "the index")
        self.assertEqual(response.field("content-type").split(";")[0], "text/html")
        self.assert_coding(client.ask("/large.txt", fields=accept("gzip")), "gzip", numbered(200_000), "large")
        self.assert_coding(client.ask("/large.txt"), None, numbered(300_000), "large, plain")

    def test_no_precompressed_sends_files_as_they_are(self):
        client = self.client(self.files("--no-precompressed"))
        response = client.ask("/x.css", fields=accept("gzip, br, zstd"))
        self.assert_coding(response, None, PLAIN, "switched off")
        self.assertIsNone(response.field("vary"))
        self.assert_coding(client.ask("/x.css.gz"), None, GZ, "by its own name")

    def test_curl_unpacks_what_it_gets(self):
        server = self.files()
        self.assertEqual(curl("-H", "Accept-Encoding: gzip", "--compressed", server.url("/x.css")), PLAIN)
        self.assertEqual(curl("-H", "Accept-Encoding: gzip", server.url("/x.css")), GZ)
        self.assertEqual(curl(server.url("/x.css")), PLAIN)

    def test_a_sibling_comes_ages_and_goes(self):
        root = folder_of({"x.css": PLAIN})
        path = os.path.join(root, "x.css")
        client = self.client(self.server("serve", root, "--workers", "1"))

        def encoded():
            response = client.ask("/x.css", fields=accept("gzip"))
            coding = response.field("content-encoding")
            self.assertIn((coding, response.body), (("gzip", GZ), (None, PLAIN)), "the bytes of one with the head of another")
            return coding
        self.assertIsNone(encoded())
        with open(path + ".new", "wb") as f:
            f.write(GZ)
        os.rename(path + ".new", path + ".gz")
        wait_until(lambda: encoded() == "gzip", 3, "the new sibling")
        os.utime(path, (time.time() + 5, time.time() + 5))
        wait_until(lambda: encoded() is None, 3, "the file is newer than its sibling")
        os.utime(path, (MTIME, MTIME))
        wait_until(lambda: encoded() == "gzip", 3, "it is not any more")
        os.unlink(path + ".gz")
        wait_until(lambda: encoded() is None, 3, "the sibling is gone")
