"""What is remembered of files: a change on the disk is seen a second later at the latest, no answer is half old and half new, and no client
can fill the memory."""

import collections
import os
import subprocess
import sys
import time

from support import E2E, LARGE, MTIME, POLLER, WAITS, Truncated, alone, end_strace, folder_of, native, numbered, on_epoll, seconds, \
    strace_attached, strong_tag, wait_until
from test_syscalls import GET, calls_in

# Rewrites a small file without end: replaced by rename, or in place. Every content is of one letter, its length told by the letter.
WRITER = r"""
import os, sys
path, how = sys.argv[1:]
print("writing", flush=True)
while True:
    for i in range(26):
        content = bytes([97 + i]) * (1000 + 37 * i)
        if how == "rename":
            with open(path + ".new", "wb") as f:
                f.write(content)
            os.rename(path + ".new", path)
        else:
            with open(path, "r+b") as f:
                f.write(content)
                f.truncate()
"""


def write(path, content):
    with open(path, "wb") as f:
        f.write(content)


def replace(path, content):
    write(path + ".new", content)
    os.rename(path + ".new", path)


@on_epoll
class CacheCase(E2E):
    def warm(self, client, target, times=3):
        """A file that is old enough to be remembered, and is."""
        strong_tag(client, target)
        for _ in range(times):
            response = client.ask(target)
        return response


class Changes(CacheCase):
    """Each change comes to a file that is remembered: what is asked for at once may still be the old one, but whole."""

    def assert_seen(self, change, status, body, size=10_000):
        old = numbered(size)
        root = folder_of({"f.txt": old})
        path = os.path.join(root, "f.txt")
        client = self.client(self.server("serve", root, "--workers", "1"), timeout=20)
        first = self.warm(client, "/f.txt")
        self.assertEqual((first.status, first.body), (200, old))
        change(path)
        changed = time.monotonic()

        def seen():
            response = client.ask("/f.txt")
            if response.status == 200 and response.body == old:
                self.assertEqual(response.field("etag"), first.field("etag"), "old bytes, new tag")
                return False
            self.assertEqual((response.status, response.body), (status, body), "neither the old nor the new")
            self.assertNotEqual(response.field("etag"), first.field("etag"), "new bytes, old tag")
            return True
        wait_until(seen, 3, "the change is seen")
        self.assertLess(time.monotonic() - changed, seconds(2.5), "a second, and what the machine takes")
        self.assertEqual(client.ask("/f.txt", fields=f"If-None-Match: {first.field('etag')}\r\n").status, status)

    def test_one_that_is_replaced(self):
        self.assert_seen(lambda path: replace(path, b"new\n"), 200, b"new\n")

    def test_one_that_is_replaced_by_one_of_the_same_size_and_time(self):
        def change(path):
            write(path + ".new", b"x" * 10_000)
            os.utime(path + ".new", (MTIME, MTIME))
            os.rename(path + ".new", path)
        self.assert_seen(change, 200, b"x" * 10_000)

    def test_one_that_is_edited_in_place_with_its_old_time_put_back(self):
        def change(path):
            with open(path, "r+b") as f:
                f.write(b"edited")
            os.utime(path, (MTIME, MTIME))
        old = numbered(10_000)
        self.assert_changed_in_place(change, b"edited" + old[6:])

    def assert_changed_in_place(self, change, body):
        """Bytes alone: a tag that is made of size and time may stay where someone puts the time back."""
        root = folder_of({"f.txt": numbered(10_000)})
        client = self.client(self.server("serve", root, "--workers", "1"))
        self.warm(client, "/f.txt")
        change(os.path.join(root, "f.txt"))
        wait_until(lambda: client.ask("/f.txt").body == body, 3, "the change is seen")

    def test_one_that_is_edited_in_place(self):
        def change(path):
            with open(path, "r+b") as f:
                f.write(b"edited")
        self.assert_seen(change, 200, b"edited" + numbered(10_000)[6:])

    def test_one_that_is_truncated(self):
        self.assert_seen(lambda path: os.truncate(path, 100), 200, numbered(100))
        self.assert_seen(lambda path: os.truncate(path, 0), 200, b"")

    def test_one_that_is_appended_to(self):
        def change(path):
            with open(path, "ab") as f:
                f.write(b"more")
        self.assert_seen(change, 200, numbered(10_000) + b"more")

    def test_one_that_is_deleted(self):
        root = folder_of({"f.txt": b"old\n"})
        client = self.client(self.server("serve", root, "--workers", "1"))
        self.warm(client, "/f.txt")
        os.unlink(os.path.join(root, "f.txt"))
        wait_until(lambda: client.ask("/f.txt").status == 404, 3, "it is gone")

    def test_one_that_becomes_a_folder_and_one_that_becomes_a_link(self):
        root = folder_of({"f.txt": b"old\n", "g.txt": b"old\n", "in.txt": b"inside\n"})
        client = self.client(self.server("serve", root, "--workers", "1"))
        for name in ("f.txt", "g.txt"):
            self.warm(client, f"/{name}")
            os.unlink(os.path.join(root, name))
        os.mkdir(os.path.join(root, "f.txt"))
        os.symlink("in.txt", os.path.join(root, "g.txt"))
        wait_until(lambda: client.ask("/f.txt").status == 301, 3, "a folder")
        wait_until(lambda: client.ask("/g.txt").body == b"inside\n", 3, "a link that stays inside")

    def test_one_whose_folder_is_moved(self):
        root = folder_of({"a/f.txt": b"of a\n", "b/f.txt": b"of b\n"})
        client = self.client(self.server("serve", root, "--workers", "1"))
        self.warm(client, "/a/f.txt")
        for old, new in (("a", "c"), ("b", "a")):
            os.rename(os.path.join(root, old), os.path.join(root, new))
        wait_until(lambda: client.ask("/a/f.txt").body == b"of b\n", 3, "another folder stands there")
        self.assertEqual(client.ask("/c/f.txt").body, b"of a\n")
        wait_until(lambda: client.ask("/b/f.txt").status == 404, 3, "and none there")

    def test_large_ones_too(self):
        size = 400_000
        self.assert_seen(lambda path: replace(path, b"n" * 300_000), 200, b"n" * 300_000, size)
        self.assert_seen(lambda path: replace(path, b"n" * 10), 200, b"n" * 10, size)

    def test_an_index_that_comes_and_goes(self):
        root = folder_of({"sub/x": b"x"})
        client = self.client(self.server("serve", root, "--workers", "1", "--listing", "off"))
        path = os.path.join(root, "sub", "index.html")
        self.assertEqual(client.ask("/sub/").status, 404)
        replace(path, b"index")
        wait_until(lambda: client.ask("/sub/").body == b"index", 3, "the index")
        os.unlink(path)
        wait_until(lambda: client.ask("/sub/").status == 404, 3, "no index")

    def test_every_worker_sees_a_change(self):
        root = folder_of({"f.txt": b"old\n"})
        server = self.server("serve", root, "--workers", "4")
        clients = [self.client(server) for _ in range(16)]
        for client in clients:
            self.warm(client, "/f.txt", 1)
        replace(os.path.join(root, "f.txt"), b"new\n")
        time.sleep(seconds(1.2))                # what the server promises, and a bit
        for client in clients:
            self.assertEqual(client.ask("/f.txt").body, b"new\n")


class Writers(CacheCase):
    SPAN = 10 if LARGE else 1.0

    def assert_never_mixed(self, how, whole):
        root = folder_of({"f.txt": b"a" * 1000})
        server = self.server("serve", root, "--workers", "1")
        writer = subprocess.Popen([sys.executable, "-c", WRITER, os.path.join(root, "f.txt"), how], stdout=subprocess.PIPE)
        try:
            writer.stdout.readline()
            client = self.client(server)
            deadline, tags = time.monotonic() + seconds(self.SPAN), collections.defaultdict(set)
            while time.monotonic() < deadline:
                try:
                    response = client.ask("/f.txt")
                except Truncated:               # it shrank on its way: nobody can take that for the whole
                    self.assertFalse(whole, "a whole file stood there at every moment")
                    client = self.client(server)
                    continue
                self.assertEqual(response.status, 200)
                self.assertEqual(response.field("content-length"), str(len(response.body)))
                if whole:
                    letters = set(response.body)
                    self.assertEqual(len(letters), 1, f"half old, half new: {response.body[:20]!r} … {response.body[-20:]!r}")
                    self.assertEqual(len(response.body), 1000 + 37 * (letters.pop() - 97), "the length of one with the bytes of another")
                tags[response.field("etag")].add(bytes(response.body))
            self.assertIsNone(writer.poll())
        finally:
            writer.kill()
            writer.communicate()
        for tag, bodies in tags.items():
            if not tag.startswith("W/"):
                self.assertEqual(len(bodies), 1, f"{tag} is strong, and stands for two contents")
        self.assertGreater(len(set().union(*tags.values())), 5, "the writer was at work")

    def test_one_replaced_without_end_is_always_whole(self):
        self.assert_never_mixed("rename", whole=True)

    def test_one_rewritten_in_place_without_end_has_the_length_that_was_said_or_is_cut_and_no_strong_tag(self):
        self.assert_never_mixed("in place", whole=False)

    def test_a_large_file_rewritten_in_place_while_it_is_sent_is_cut_or_goes_out_as_it_was(self):
        size = 24 << 20
        root = folder_of({"f.bin": b"o" * size})
        path = os.path.join(root, "f.bin")
        client = self.client(self.server("serve", root, "--workers", "1"), timeout=20, receive_buffer=16384)
        client.send(GET.format("/f.bin"))
        start = client.socket.recv(8192)
        client.pending = start
        with open(path, "r+b") as f:
            f.write(b"n" * size)
        pieces = []
        try:
            client.read(on_data=pieces.append)
            cut = False
        except Truncated:
            cut = True
        body = b"".join(pieces)
        if not cut:
            self.assertEqual(body, b"o" * size, "complete, and so as it was")
        else:
            self.assertLess(len(body), size)

    def test_a_large_file_that_is_replaced_while_it_is_sent_goes_out_as_it_was(self):
        root = folder_of({"f.bin": b"o" * (8 << 20)})
        client = self.client(self.server("serve", root, "--workers", "1"), timeout=20, receive_buffer=16384)
        self.warm(client, "/f.bin", 1)
        client.send(GET.format("/f.bin") * 3)
        client.pending = client.socket.recv(4096)
        replace(os.path.join(root, "f.bin"), b"n" * (1 << 20))
        for _ in range(3):
            response = client.read()
            self.assertIn((len(response.body), set(response.body)), ((8 << 20, {ord("o")}), (1 << 20, {ord("n")})))
        wait_until(lambda: client.ask("/f.bin").body == b"n" * (1 << 20), 3, "the new one")


class Bounds(CacheCase):
    def test_without_a_cache_all_is_as_it_is_with_one(self):
        root = folder_of({"small.txt": b"small\n", "large.bin": numbered(200_000), "index.html": b"index"})
        client = self.client(self.server("serve", root, "--workers", "1", "--cache-files", "0"))
        for _ in range(3):
            for target, body in (("/small.txt", b"small\n"), ("/large.bin", numbered(200_000)), ("/", b"index")):
                response = client.ask(target)
                self.assertEqual((response.status, response.body), (200, body))
                self.assertEqual(client.ask(target, fields=f"If-None-Match: {response.field('etag')}\r\n").status, 304)
        replace(os.path.join(root, "small.txt"), b"at once\n")
        self.assertEqual(client.ask("/small.txt").body, b"at once\n", "nothing is remembered, so nothing is old")

    def test_a_cache_of_one_file_and_one_of_few_bytes_serve_everything(self):
        root = folder_of({f"{i}.txt": numbered(1000 + i) for i in range(20)} | {"large.bin": numbered(200_000)})
        for args in (["--cache-files", "1"], ["--cache-memory", "1k"], ["--cache-memory", "0"]):
            client = self.client(self.server("serve", root, "--workers", "1", *args))
            strong_tag(client, "/1.txt")
            for turn in range(3):
                for i in range(20):
                    self.assertEqual(client.ask(f"/{i}.txt").body, numbered(1000 + i), (args, turn))
                self.assertEqual(client.ask("/large.bin").body, numbered(200_000), args)

    def test_descriptors_of_large_files_are_bounded_and_given_back(self):
        count = 200
        root = folder_of({f"{i}.bin": numbered(70_000) for i in range(count)})
        server = self.server("serve", root, "--workers", "1", "--cache-files", "32")
        client = self.client(server)
        strong_tag(client, "/0.bin")
        before = server.descriptors()
        for turn in range(2):
            for i in range(count):
                self.assertEqual(client.ask(f"/{i}.bin").body, numbered(70_000))
        self.assertLessEqual(server.descriptors(), before + 40)
        for i in range(count):
            os.unlink(os.path.join(root, f"{i}.bin"))
        for i in range(count):
            self.assertIn(client.ask(f"/{i}.bin").status, (200, 404))

    def test_few_descriptors_are_no_reason_to_refuse_a_file(self):
        count = 120
        root = folder_of({f"{i}.bin": numbered(70_000) for i in range(count)})
        server = self.server("serve", root, "--workers", "1", descriptors=64)
        client = self.client(server)
        strong_tag(client, "/0.bin")
        for turn in range(2):
            for i in range(count):
                self.assertEqual(client.ask(f"/{i}.bin").status, 200, f"file {i}, turn {turn}")
        for _ in range(20):
            self.assert_serves(server, "/5.bin")


@alone
@native
class Memory(CacheCase):
    def grown(self, server, ask):
        before = server.own_memory()
        ask()
        return server.own_memory() - before

    def test_misses_do_not_fill_it(self):
        server = self.server("serve", folder_of({"f.txt": b"f\n"}), "--workers", "1")
        client = self.client(server)
        client.send(GET.format("/warm") * 100)
        for _ in range(100):
            client.read()

        def miss():
            for base in range(0, 20_000, 100):
                client.send("".join(GET.format(f"/nowhere/{'x' * 100}{base + i}") for i in range(100)))
                for _ in range(100):
                    self.assertEqual(client.read().status, 404)
        grown = self.grown(server, miss)
        print(f"     20,000 misses took {grown >> 10} KiB")
        self.assertLess(grown, 1 << 20)

    def test_one_file_by_many_paths_and_queries_does_not_fill_it(self):
        root = folder_of({"sub/f.txt": b"f\n" * 1000})
        server = self.server("serve", root, "--workers", "1")
        client = self.client(server)
        strong_tag(client, "/sub/f.txt")

        def ask():
            for base in range(0, 10_000, 100):
                client.send("".join(GET.format(f"/{'/' * ((base + i) % 50)}sub/./f.txt?{base + i}") for i in range(100)))
                for _ in range(100):
                    self.assertEqual(client.read().status, 200)
        self.assertLess(self.grown(server, ask), 2 << 20)

    def test_many_distinct_files_stay_within_the_bounds(self):
        count = 2_000
        root = folder_of({f"{i}.txt": numbered(20_000) for i in range(count)})
        server = self.server("serve", root, "--workers", "1", "--cache-files", "256", "--cache-memory", "2m")
        client = self.client(server)
        strong_tag(client, "/0.txt")

        def ask():
            for base in range(0, count, 50):
                client.send("".join(GET.format(f"/{base + i}.txt") for i in range(50)))
                for _ in range(50):
                    self.assertEqual(client.read().status, 200)
        grown = self.grown(server, ask)
        print(f"     {count} files of 20 KB took {grown >> 10} KiB")
        self.assertLess(grown, 5 << 20)
        self.assertGreater(grown, 0, "something is remembered")


@alone
@native
class WarmCalls(CacheCase):
    ROUNDS = 100

    def counts(self, server, client, request, status, drop=None):
        for _ in range(20):
            client.send(request)
            self.assertEqual(client.read(on_data=drop).status, status)
        tracer, path = strace_attached(server)
        try:
            for _ in range(self.ROUNDS):
                client.send(request)
                self.assertEqual(client.read(on_data=drop).status, status)
        finally:
            trace = end_strace(tracer, path)
        counts = collections.Counter(c for c in calls_in(trace) if c not in WAITS[POLLER] | {"restart_syscall"})
        print(f"     calls for {self.ROUNDS} of {request.split()[1]}, {status}: {dict(counts)}")
        return counts

    def test_a_small_file_its_range_its_304_and_its_coding_are_one_recv_and_one_send(self):
        root = folder_of({"f.txt": numbered(5_000), "f.txt.gz": numbered(900)})
        server = self.server("serve", root, "--workers", "1")
        client = self.client(server)
        tag = strong_tag(client, "/f.txt")
        for fields, status in (("", 200), (f"If-None-Match: {tag}\r\n", 304), ("Range: bytes=10-99\r\n", 206),
                               ('If-Match: "other"\r\n', 412),
                               ("Accept-Encoding: gzip, br\r\n", 200), ("Accept-Encoding: br\r\n", 200)):
            counts = self.counts(server, client, GET.format("/f.txt")[:-2] + fields + "\r\n", status)
            self.assertLessEqual(sum(counts.values()), 2 * self.ROUNDS + 10, f"{fields}: {counts}")     # now and then a look at the disk

    def test_a_large_file_that_is_remembered_is_not_opened_again(self):
        root = folder_of({"f.bin": numbered(200_000)})
        server = self.server("serve", root, "--workers", "1")
        client = self.client(server)
        strong_tag(client, "/f.bin")
        counts = self.counts(server, client, GET.format("/f.bin"), 200, drop=lambda data: None)
        self.assertLessEqual(counts["openat2"] + counts["openat"] + counts["open"], 3, "one look a second at the most")
        self.assertLessEqual(counts["close"], 3)
        self.assertGreaterEqual(counts["sendfile"], self.ROUNDS)

    def test_a_304_of_a_large_file_neither_opens_nor_reads_it(self):
        root = folder_of({"f.bin": numbered(200_000)})
        server = self.server("serve", root, "--workers", "1")
        client = self.client(server)
        tag = strong_tag(client, "/f.bin")
        counts = self.counts(server, client, GET.format("/f.bin")[:-2] + f"If-None-Match: {tag}\r\n\r\n", 304)
        self.assertLessEqual(sum(counts.values()), 3 * self.ROUNDS + 10, f"one look at the descriptor at the most: {counts}")
        self.assertLessEqual(counts["openat2"] + counts["openat"] + counts["preadv2"] + counts["pread64"] + counts["sendfile"], 10, counts)
