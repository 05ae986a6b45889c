"""Files that do not fit a socket buffer: whole, slow, beside others, changing while they are sent."""

import hashlib
import os
import threading
import time

from support import BIG_SIZE, E2E, Truncated, curl, limit, make_big, quick, scratch_path, seconds, shared, site, wait_until


def digest_of(path):
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


class LargeFiles(E2E):
    def fetch(self, server, **kwargs):
        client = self.client(server, timeout=30, **kwargs)
        digest = hashlib.sha256()
        client.send("GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n")
        response = client.read(on_data=digest.update)
        self.assertEqual((response.status, response.field("content-length")), (200, str(BIG_SIZE)))
        client.send("GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertEqual(client.read().status, 200)
        return digest.hexdigest()

    @quick
    def test_a_large_file_arrives_byte_for_byte_and_the_connection_is_kept(self):
        self.assertEqual(self.fetch(shared("files")), digest_of(os.path.join(site(), "big.bin")))

    def test_a_slow_reader_beside_a_fast_one_both_get_the_file(self):
        server = self.server("serve", site(), "--workers", "1")
        want = digest_of(os.path.join(site(), "big.bin"))
        results = {}

        def slow():
            client = self.client(server, timeout=30, receive_buffer=32768)
            client.send("GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n")
            digest, taken = hashlib.sha256(), 0

            def take(data):
                nonlocal taken
                digest.update(data)
                taken += len(data)
                if taken < 2 << 20:
                    time.sleep(0.02)      # some 1.5 s for the first two MiB, then at full speed
            client.read(on_data=take)
            results["slow"] = digest.hexdigest()
        thread = threading.Thread(target=slow)
        thread.start()
        try:
            start = time.monotonic()
            for _ in range(2):
                self.assertEqual(self.fetch(server), want)
            self.assertLess(time.monotonic() - start, seconds(8))
        finally:
            thread.join()
        self.assertEqual(results.get("slow"), want)

    def test_curl_gets_a_large_file_six_times_at_once(self):
        url = shared("files").url("/big.bin")
        want = digest_of(os.path.join(site(), "big.bin"))
        digests = []

        def fetch():
            digests.append(hashlib.sha256(curl(url, timeout=60)).hexdigest())
        threads = [threading.Thread(target=fetch) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(digests, [want] * 6)

    def test_a_file_that_shrinks_while_it_is_sent_ends_its_connection(self):
        root = scratch_path("site")
        os.mkdir(root)
        path = os.path.join(root, "big.bin")
        make_big(path)
        server = self.server("serve", root, "--workers", "1")
        client = self.client(server, timeout=20, receive_buffer=16384)
        client.send("GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\nGET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.2)
        os.truncate(path, 1 << 20)
        got = 0

        def count(data):
            nonlocal got
            got += len(data)
        with self.assertRaises(Truncated):
            client.read(on_data=count)
        self.assertLess(got, BIG_SIZE)
        self.assert_serves(server, "/big.bin")
        self.assertEqual(self.client(server).ask("/big.bin", method="HEAD").field("content-length"), str(1 << 20))

    def test_a_file_that_grows_while_it_is_sent_has_the_length_that_was_said(self):
        root = scratch_path("site")
        os.mkdir(root)
        path = os.path.join(root, "big.bin")
        make_big(path)
        want = digest_of(path)
        server = self.server("serve", root)
        client = self.client(server, timeout=20, receive_buffer=16384)
        client.send("GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.1)
        with open(path, "ab") as f:
            f.write(b"grown" * 100_000)
        digest = hashlib.sha256()
        client.read(on_data=digest.update)
        self.assertEqual(digest.hexdigest(), want)
        self.assertEqual(client.ask("/big.bin", method="HEAD").field("content-length"), str(BIG_SIZE + 500_000))

    def test_a_file_that_is_replaced_while_it_is_sent_goes_out_as_it_was(self):
        root = scratch_path("site")
        os.mkdir(root)
        path = os.path.join(root, "big.bin")
        make_big(path)
        want = digest_of(path)
        client = self.client(self.server("serve", root), timeout=20, receive_buffer=16384)
        client.send("GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.1)
        with open(path + ".new", "wb") as f:
            f.write(b"new\n")
        os.rename(path + ".new", path)
        digest = hashlib.sha256()
        client.read(on_data=digest.update)
        self.assertEqual(digest.hexdigest(), want)
        self.assertEqual(client.ask("/big.bin").body, b"new\n")

    def test_sizes_around_every_bound_arrive_byte_for_byte(self):
        root = scratch_path("site")
        os.mkdir(root)
        sizes = sorted({max(0, bound + near) for bound in (0, 1024, 4096, 8192, 16384, 32768, 65536, 131072, 1 << 18)
                        for near in (-300, -1, 0, 1, 300)})
        content = os.urandom(sizes[-1])
        for size in sizes:
            with open(os.path.join(root, f"{size}"), "wb") as f:
                f.write(content[:size])
        server = self.server("serve", root, "--workers", "1")
        for turn in range(3):                     # read from the disk, then from whatever remembers it, then pipelined
            client = self.client(server, timeout=20)
            if turn == 2:
                client.send("".join(f"GET /{size} HTTP/1.1\r\nHost: x\r\n\r\n" for size in sizes))
            for size in sizes:
                response = client.read() if turn == 2 else client.ask(f"/{size}")
                self.assertTrue(response.body == content[:size], f"{size} bytes, turn {turn}: other bytes, {len(response.body)} of them")

    def test_clients_that_leave_in_the_middle_cost_no_descriptor(self):
        server = self.server("serve", site(), "--workers", "1", "--linger-timeout", limit(0.3))
        self.assert_serves(server, "/a.txt")
        before = server.descriptors()
        clients = [self.client(server, receive_buffer=16384) for _ in range(20)]
        for client in clients:
            client.send("GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n")
        for client in clients:
            client.receive(1000)
        for i, client in enumerate(clients):
            client.reset() if i % 2 else client.close()
        wait_until(lambda: server.descriptors() <= before + 1, 5, "descriptors given back, but for the one of the file that is remembered")
        self.assert_serves(server, "/a.txt")
