"""Requests with content: read, dropped, announced, refused; what stands behind them on the same connection."""

from support import E2E, curl, quick, scratch_path, shared

HELLO = b"Hello, world!"


def chunked(*pieces, end="0\r\n\r\n"):
    return "".join(f"{len(p):x}\r\n{p}\r\n" for p in pieces) + end


@quick
class Bodies(E2E):
    def test_a_body_with_a_length_leaves_the_connection_usable(self):
        client = self.client(shared("hello"))
        for size in (0, 1, 5, 4096, 100_000, 1 << 20):
            response = client.ask(method="POST", fields=f"Content-Length: {size}\r\n", body="b" * size)
            self.assertEqual((response.status, response.body), (200, HELLO), size)
            self.assertIsNone(response.field("connection"))
        self.assertEqual(client.ask().status, 200)

    def test_a_chunked_body_leaves_the_connection_usable(self):
        client = self.client(shared("hello"))
        for body in (chunked(), chunked("a"), chunked("hello", "world"), chunked("x" * 70_000, "y" * 70_000), chunked(*"abcdefgh")):
            response = client.ask(method="POST", fields="Transfer-Encoding: chunked\r\n", body=body)
            self.assertEqual((response.status, response.body), (200, HELLO))
        self.assertEqual(client.ask().status, 200)

    def test_chunk_extensions_and_trailers_are_read_and_dropped(self):
        client = self.client(shared("hello"))
        body = "5;name;other=\"quoted\"\r\nhello\r\n0;last\r\nX-Sum: 1\r\nX-More: 2\r\n\r\n"
        self.assertEqual(client.ask(method="POST", fields="Transfer-Encoding: Chunked\r\n", body=body).status, 200)
        self.assertEqual(client.ask().status, 200)

    def test_get_and_head_with_a_body_are_answered_once(self):
        for kind, target in (("hello", "/"), ("files", "/a.txt")):
            client = self.client(shared(kind))
            for method in ("GET", "HEAD"):
                inner = "GET /inner HTTP/1.1\r\nHost: x\r\n\r\n"
                self.assertEqual(client.ask(target, method=method, fields=f"Content-Length: {len(inner)}\r\n", body=inner).status, 200)
                self.assertEqual(client.ask(target, method=method, fields="Transfer-Encoding: chunked\r\n", body=chunked(inner)).status,
                                 200)
            client.expect_silence()

    def test_a_body_byte_by_byte_is_the_same_body(self):
        client = self.client(shared("hello"))
        client.send_bytewise(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nT: u\r\n\r\n", pause=0.001)
        self.assertEqual(client.read().status, 200)
        client.send_bytewise(b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n123456789", pause=0.001)
        self.assertEqual(client.read().status, 200)

    def test_curl_uploads_a_file_and_then_asks_again(self):
        path = scratch_path("upload")
        with open(path, "wb") as f:
            f.write(b"u" * 900_000)
        url = shared("hello").url()
        self.assertEqual(curl("-T", path, url, "-H", "Transfer-Encoding: chunked", "--next", "-sS", url, "--noproxy", "*"), HELLO * 2)
        self.assertEqual(curl("--data-binary", f"@{path}", url), HELLO)

    def test_no_answer_comes_before_the_whole_body(self):
        client = self.client(shared("hello"))
        client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nabc")
        client.expect_silence()
        client.send("d")
        self.assertEqual(client.read().status, 200)


@quick
class Expect(E2E):
    HEAD = "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"

    def test_100_continue_comes_before_the_body_and_200_after_it(self):
        client = self.client(shared("hello"))
        for _ in range(2):
            client.send(self.HEAD)
            interim = client.receive()
            self.assertRegex(interim, rb"^HTTP/1\.1 100 Continue\r\n(.+\r\n)*\r\n$")
            client.send("abc")
            response = client.read()
            self.assertEqual((response.status, response.interim, response.body), (200, [], HELLO))

    def test_100_continue_in_capitals_and_with_chunks_is_honoured(self):
        client = self.client(shared("hello"))
        client.send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-Continue\r\nTransfer-Encoding: chunked\r\n\r\n")
        self.assertTrue(client.receive().startswith(b"HTTP/1.1 100 "))
        client.send(chunked("abc"))
        self.assertEqual(client.read().status, 200)

    def test_a_body_that_came_with_the_head_is_taken_with_or_without_a_100(self):
        client = self.client(shared("hello"))
        client.send(self.HEAD + "abc" + "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        first, second = client.read(), client.read()
        self.assertEqual((first.status, second.status), (200, 200))
        self.assertIn(first.interim, ([], [100]))
        self.assertEqual(second.interim, [])

    def test_an_expectation_without_a_body_gets_no_100(self):
        client = self.client(shared("hello"))
        response = client.ask(fields="Expect: 100-continue\r\n")
        self.assertEqual((response.status, response.interim), (200, []))

    def test_http_1_0_gets_no_100(self):
        client = self.client(shared("hello"))
        response = client.ask(method="POST", version="1.0", fields="Expect: 100-continue\r\nContent-Length: 3\r\n", body="abc")
        self.assertEqual((response.status, response.interim), (200, []))

    def test_another_expectation_gets_417(self):
        for value in ("200-ok", "100-continue, other", "x", "100-continued"):
            client = self.client(shared("hello"))
            response = client.ask(method="POST", fields=f"Expect: {value}\r\nContent-Length: 3\r\n", body="abc")
            self.assertEqual(response.status, 417, value)

    def test_a_body_above_the_limit_is_refused_instead_of_invited(self):
        client = self.client(shared("hello"))
        client.send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 999999999\r\n\r\n")
        response = client.read()
        self.assertEqual((response.status, response.interim, response.closes), (413, [], True))
        client.expect_end()

    def test_curl_waits_for_100_and_gets_its_answer(self):
        out = curl("-i", "-H", "Expect: 100-continue", "--data-binary", "abc", shared("hello").url())
        self.assertTrue(out.startswith(b"HTTP/1.1 100 Continue\r\n"), out)
        self.assertTrue(out.endswith(HELLO), out)


@quick
class EarlyErrors(E2E):
    def assert_early(self, kind, head, status):
        """The answer to a head whose body has not come says that it closes, and the body may still come without harm."""
        client = self.client(shared(kind))
        client.send(head)
        response = client.read()
        self.assertEqual((response.status, response.closes), (status, True), head)
        client.send("b" * 1000)
        client.expect_end()

    def test_a_length_above_the_limit_gets_413_and_close_before_the_body(self):
        self.assert_early("hello", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\n\r\n", 413)

    def test_an_unknown_expectation_gets_417_and_close_before_the_body(self):
        self.assert_early("hello", "POST / HTTP/1.1\r\nHost: x\r\nExpect: y\r\nContent-Length: 5000\r\n\r\n", 417)

    def test_an_unknown_coding_gets_501_and_close_before_the_body(self):
        self.assert_early("hello", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501)

    def test_a_refusal_of_a_post_to_a_file_reads_the_body_or_says_close(self):
        client = self.client(shared("files"))
        client.send("POST /a.txt HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n")
        client.send("GET /")
        response = client.read("POST")
        self.assertEqual(response.status, 405)
        if response.closes:
            client.expect_end()
        else:
            client.expect_silence()
            self.assertEqual(client.ask("/a.txt").status, 200)

    def test_chunks_above_the_limit_get_413_and_close(self):
        client = self.client(shared("hello"))
        client.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        piece = chunked("x" * 65_536, end="")
        for _ in range(17):
            client.send(piece)
        response = client.read()
        self.assertEqual((response.status, response.closes), (413, True))
        client.expect_end()

    def test_a_client_that_sends_on_after_413_still_gets_to_read_it(self):
        client = self.client(shared("hello"))
        client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n")
        for _ in range(20):
            client.send("x" * 10_000)     # 200,000 bytes: within what a lingering close drops
        self.assertEqual(client.read().status, 413)
        client.expect_end()
