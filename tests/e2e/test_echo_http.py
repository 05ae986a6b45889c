"""weir echo --http: each request gets its own content and type back, streamed, whatever its size, and held back where it is not read."""

import hashlib
import os
import random
import re
import subprocess
import threading
import time

from support import LARGE, E2E, Truncated, alone, assert_idle, limit, native, quick, scratch_path, seconds, wait_until

POOL = random.Random(8).randbytes(1 << 20)
UPLOAD = (1 << 30) if LARGE else (64 << 20)


def chunked(data, *sizes):
    """In chunks of these sizes, the last one again and again."""
    parts, at, turn = [], 0, 0
    while at < len(data):
        piece = data[at:at + sizes[min(turn, len(sizes) - 1)]]
        parts.append(b"%x\r\n%b\r\n" % (len(piece), piece))
        at += len(piece)
        turn += 1
    return b"".join(parts) + b"0\r\n\r\n"


def post(data, fields="", version="1.1"):
    return f"POST /x HTTP/{version}\r\nHost: x\r\nContent-Length: {len(data)}\r\n{fields}\r\n".encode("latin-1") + data


def post_chunked(data, *sizes):
    return b"POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(data, *sizes)


class EchoHttp(E2E):
    def echo(self, *args, **kwargs):
        return self.server("echo", "--http", "--workers", "1", *args, **kwargs)

    def ask(self, client, message):
        """While the answer streams: what is sent is taken only as fast as what comes is read."""
        sender = threading.Thread(target=client.send, args=(message,))
        sender.start()
        response = client.read("POST")
        sender.join()
        return response

    @quick
    def test_get_and_head_are_empty(self):
        server = self.echo()
        self.assertRegex(server.lines[0], r"\Aweir: echo on http://127\.0\.0\.1:\d+/\Z")
        client = self.client(server)
        for method in ("GET", "HEAD", "DELETE"):
            response = client.ask("/a/b?c", method=method)
            self.assertEqual((response.status, response.body, response.field("content-length")), (200, b"", "0"), method)

    @quick
    def test_a_body_and_its_type_come_back_under_each_method_that_has_one(self):
        client = self.client(self.echo())
        for method in ("POST", "PUT", "PATCH", "DELETE", "GET"):
            response = client.ask("/", method=method, fields="Content-Length: 5\r\nContent-Type: text/x-odd; q=\"1, 2\"\r\n", body="a\r\n\0\xff")
            self.assertEqual((response.status, response.body), (200, b"a\r\n\0\xff"), method)
            self.assertEqual(response.field("content-type"), 'text/x-odd; q="1, 2"', method)
            self.assertEqual(response.field("content-length"), "5", method)
        self.assertEqual(client.ask("/", method="POST", fields="Content-Length: 1\r\n", body="x").field("content-type"),
                         "application/octet-stream")

    @quick
    def test_a_body_with_a_length_comes_back_with_that_length(self):
        client = self.client(self.echo())
        for size in (0, 1, 100, 16383, 16384, 16385, 65536, 100_000, 300_000):
            response = self.ask(client, post(POOL[:size]))
            self.assertEqual((response.status, response.field("content-length")), (200, str(size)))
            self.assertEqual(response.body, POOL[:size])

    @quick
    def test_a_chunked_body_comes_back_chunked(self):
        client = self.client(self.echo())
        for size, chunks in ((1, (1,)), (1000, (1, 2, 3, 500)), (100_000, (7,)), (300_000, (65536,)), (1 << 20, (1 << 20,))):
            response = self.ask(client, post_chunked(POOL[:size], *chunks))
            self.assertEqual((response.status, response.field("transfer-encoding")), (200, "chunked"))
            self.assertEqual(response.body, POOL[:size])
        response = client.ask("/", method="POST", fields="Transfer-Encoding: chunked\r\n", body="0\r\n\r\n")
        self.assertEqual((response.status, response.body), (200, b""))

    def test_a_body_that_comes_byte_by_byte_comes_back(self):
        for message in (post(b"drip drop"), post_chunked(b"drip drop", 2)):
            client = self.client(self.echo())
            client.send_bytewise(message, 0.002)
            self.assertEqual(client.read("POST").body, b"drip drop")

    @quick
    def test_the_answer_streams_while_the_body_is_still_coming(self):
        client = self.client(self.echo())
        client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nabc")
        got = b""
        while not got.endswith(b"\r\n\r\nabc"):
            got += client.receive()
        client.send("def")
        self.assertEqual(client.receive(), b"def")
        self.assertEqual(client.ask().status, 200)

    @quick
    def test_pipelined_requests_are_answered_in_their_order_and_the_connection_is_kept(self):
        client = self.client(self.echo())
        bodies = [POOL[i * 1000:i * 1000 + i * 37] for i in range(60)]
        messages = b"".join((post_chunked(body, 50) if i % 3 == 1 else post(body)) for i, body in enumerate(bodies))
        sender = threading.Thread(target=client.send, args=(messages,))
        sender.start()
        for body in bodies:
            self.assertEqual(client.read("POST").body, body)
        sender.join()
        self.assertEqual(client.ask().status, 200)

    @quick
    def test_who_expects_a_continue_gets_it_before_the_body(self):
        client = self.client(self.echo())
        client.send("PUT / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
        got = b""
        while b"\r\n\r\n" not in got:
            got += client.receive()
        self.assertTrue(got.startswith(b"HTTP/1.1 100 "), got)
        self.assertEqual(got.count(b"\r\n\r\n"), 1, got)
        client.send("body")
        self.assertEqual(client.read("PUT").body, b"body")

    @quick
    def test_http_1_0_gets_its_body_back_and_a_kept_connection_where_it_asks_for_one(self):
        server = self.echo()
        client = self.client(server)
        for _ in range(3):
            self.assertEqual(self.ask(client, post(POOL[:70_000], "Connection: keep-alive\r\n", "1.0")).body, POOL[:70_000])
        response = self.ask(client, post(b"last", version="1.0"))
        self.assertEqual(response.body, b"last")
        client.expect_end()

    def test_a_body_limit_holds_where_one_is_given(self):
        server = self.echo("--max-body", "1000")
        self.assertEqual(self.ask(self.client(server), post(POOL[:1000])).body, POOL[:1000])
        self.assertEqual(self.ask(self.client(server), post(POOL[:1001])).status, 413)
        with self.assertRaises(Truncated):           # the answer has begun when it is too much: it is never taken for whole
            self.ask(self.client(server), post_chunked(POOL[:2000], 300))

    def test_a_broken_chunk_never_looks_like_the_end(self):
        for bad in (b"zz\r\n", b"5\r\nabcdeXX", b"3\nabc\r\n"):
            client = self.client(self.echo())
            client.send(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
            time.sleep(0.05)
            client.send(bad)
            with self.assertRaises(Truncated):
                client.read("POST")

    # ---- who does not read, and who goes

    @native
    def test_a_client_that_does_not_read_is_not_read_from_and_takes_little_memory(self):
        server = self.echo("--send-timeout", "60s")
        self.assertEqual(self.ask(self.client(server), post(POOL)).body, POOL)
        before = server.own_memory()
        size = 64 << 20
        clients, sent = [], []
        for _ in range(20):
            client = self.client(server, receive_buffer=65536)
            client.send(f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n")
            client.socket.settimeout(seconds(0.3))
            count = 0
            try:
                while count < size:
                    place = count % len(POOL)
                    count += client.socket.send(POOL[place:place + 65536])
            except TimeoutError:
                pass
            self.assertLess(count, size, "all was taken though nothing was read")
            clients.append(client)
            sent.append(count)
        each = (server.own_memory() - before) / len(clients)
        print(f"     {each / 1024:.0f} KiB of own memory for each upload that is not read back")
        self.assertLessEqual(each, 160 << 10)
        assert_idle(server, what="uploads that are not read back")
        self.assert_serves(server)
        client, count = clients[0], sent[0]
        client.socket.settimeout(seconds(10))
        got = b""
        while b"\r\n\r\n" not in got:
            got += client.receive()
        got = got.split(b"\r\n\r\n", 1)[1]
        while len(got) < count:
            got += client.receive()
        self.assertEqual(hashlib.sha256(got).digest(), hashlib.sha256((POOL * (count // len(POOL) + 1))[:count]).digest())
        for client in clients:
            client.reset()

    def test_clients_that_abort_in_the_middle_leave_nothing(self):
        server = self.echo()
        self.assert_serves(server)
        before = server.descriptors()
        for turn in range(60):
            client = self.client(server)
            client.send((f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {1 << 20}\r\n\r\n",
                         "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")[turn % 2])
            if turn % 3:
                client.send(b"ffff\r\n" + POOL[:10 + turn * 100])
            if turn % 3 and turn % 4 == 0:
                client.receive(10)
            (client.reset, client.close, client.shut)[turn % 3]()
            if turn % 3 == 2:
                client.expect_gone()
                client.close()
        wait_until(lambda: server.descriptors() <= before and "CLOSE_WAIT" not in server.socket_states(), 5, "all were seen to go")
        self.assert_serves(server)
        assert_idle(server, what="uploads that were broken off")

    def test_an_idle_client_is_let_go_after_its_time(self):
        server = self.echo("--idle-timeout", limit(0.4))
        client = self.client(server)
        self.assertEqual(client.ask(method="POST", fields="Content-Length: 2\r\n", body="ab").body, b"ab")
        start = time.monotonic()
        client.expect_end()
        self.assertGreater(time.monotonic() - start, 0.3)

    def test_the_access_log_tells_of_each_request_once(self):
        path = scratch_path("log")
        server = self.echo("--access-log", path)
        client = self.client(server)
        for size in (3, 100_000):
            self.ask(client, post(POOL[:size]))
        server.stop()
        with open(path, encoding="ascii") as f:
            lines = f.read().splitlines()
        self.assertEqual([re.search(r'"POST /x HTTP/1.1" 200 (\d+)', line).group(1) for line in lines], ["3", "100000"])


@alone
@native
class Upload(E2E):
    def peak(self, server):
        with open(f"/proc/{server.pid}/status", encoding="ascii") as f:
            return int(re.search(r"^VmHWM:\s+(\d+) kB", f.read(), re.MULTILINE).group(1)) << 10

    def curl(self, server, *args):
        """Sends a file of UPLOAD bytes with curl; what came back is compared as it comes."""
        path = scratch_path("upload")
        ours, theirs = hashlib.sha256(), hashlib.sha256()
        with open(path, "wb") as f:
            for _ in range(UPLOAD // len(POOL)):
                piece = os.urandom(len(POOL))
                ours.update(piece)
                f.write(piece)
        size = 0
        with subprocess.Popen(["curl", "-sS", "--noproxy", "*", "-T", path, *args, server.url("/upload")], stdout=subprocess.PIPE) as client:
            while data := client.stdout.read(1 << 20):
                theirs.update(data)
                size += len(data)
        os.unlink(path)
        self.assertEqual(client.returncode, 0)
        self.assertEqual((size, theirs.digest()), (UPLOAD, ours.digest()))
        print(f"     {UPLOAD >> 20} MiB to and from curl {' '.join(args)}: at most {self.peak(server) >> 10} KiB in memory")
        self.assertLess(self.peak(server), 16 << 20)

    def test_curl_gets_back_a_large_upload_while_the_process_stays_small(self):
        self.curl(self.server("echo", "--http"))

    def test_curl_gets_back_a_large_chunked_upload_while_the_process_stays_small(self):
        self.curl(self.server("echo", "--http"), "-H", "Transfer-Encoding: chunked")
