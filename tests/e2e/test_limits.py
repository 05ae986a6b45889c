"""Limits of size and of time: each default's option, what is answered, and that nothing outlives its time."""

import time

from support import BIG_SIZE, E2E, FACTOR, Truncated, assert_idle, limit, quick, seconds, shared, site, wait_until

GET = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"


@quick
class Sizes(E2E):
    def answer(self, server, text):
        client = self.client(server)
        client.send(text)
        response = client.read()
        if response.status != 200:
            self.assertTrue(response.closes)
            client.expect_end()
        return response.status

    def test_max_line_counts_the_request_line(self):
        server = self.server("hello", "--max-line", "64")
        line = "GET /{} HTTP/1.1"
        for extra, status in ((0, 200), (1, 414), (500, 414)):
            pad = "a" * (64 - len(line.format("")) + extra)
            self.assertEqual(self.answer(server, line.format(pad) + "\r\nHost: x\r\n\r\n"), status, extra)

    def test_a_request_line_without_end_gets_414_and_no_more_room(self):
        client = self.client(shared("hello"))
        client.send("GET /" + "a" * 9000)
        self.assertEqual(client.read().status, 414)
        client.expect_end()

    def test_max_head_counts_the_whole_head(self):
        server = self.server("hello", "--max-head", "1k", "--max-line", "512")
        start = "GET / HTTP/1.1\r\nHost: x\r\nA: "
        for extra, status in ((0, 200), (1, 431), (5000, 431)):
            pad = "a" * (1024 - len(start) - 4 + extra)
            self.assertEqual(self.answer(server, start + pad + "\r\n\r\n"), status, extra)

    def test_max_fields_counts_fields(self):
        server = self.server("hello", "--max-fields", "5")
        for count, status in ((5, 200), (6, 431), (150, 431)):
            self.assertEqual(self.answer(server, "GET / HTTP/1.1\r\nHost: x\r\n" + "A: b\r\n" * (count - 1) + "\r\n"), status, count)

    def test_max_body_counts_content_however_it_is_framed(self):
        server = self.server("hello", "--max-body", "1000")
        for size, status in ((1000, 200), (1001, 413)):
            head = "POST / HTTP/1.1\r\nHost: x\r\n"
            self.assertEqual(self.answer(server, head + f"Content-Length: {size}\r\n\r\n" + "b" * size), status, size)
            pieces = "".join(f"1\r\n{c}\r\n" for c in "b" * size) + "0\r\n\r\n"
            self.assertEqual(self.answer(server, head + "Transfer-Encoding: chunked\r\n\r\n" + pieces), status, size)

    def test_no_limit_is_shared_between_requests_of_a_connection(self):
        server = self.server("hello", "--max-head", "512", "--max-line", "256", "--max-fields", "4", "--max-body", "300")
        client = self.client(server)
        for _ in range(30):
            fields = "A: " + "b" * 300 + "\r\nContent-Length: 300\r\n"
            self.assertEqual(client.ask(method="POST", fields=fields, body="c" * 300).status, 200)

    def test_a_chunk_of_endless_extensions_ends(self):
        client = self.client(shared("hello"))
        client.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;" + "a" * 5000)
        self.assertEqual(client.read().status, 400)

    def test_endless_trailers_end(self):
        client = self.client(shared("hello"))
        client.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + "A: b\r\n" * 4000)
        self.assertIn(client.read().status, (400, 431))


class Times(E2E):
    def drip(self, client, text, pause, longest):
        """Sends a byte each `pause` until the server answers; the answer, and how long it took."""
        start = time.monotonic()
        client.socket.settimeout(pause)
        for at in range(int(longest / pause)):
            try:
                client.send(text[at % len(text)])
            except (BrokenPipeError, ConnectionResetError):
                break
            try:
                client.pending = client.socket.recv(65536)
                break
            except TimeoutError:
                continue
        client.socket.settimeout(seconds(3))
        return client.read(), time.monotonic() - start

    def test_a_head_that_drips_gets_408_after_the_head_time(self):
        server = self.server("hello", "--head-timeout", limit(0.8), "--idle-timeout", limit(30), "--linger-timeout", limit(0.3))
        before = server.descriptors()
        client = self.client(server)
        response, spent = self.drip(client, "GET / HTTP/1.1\r\nHost: x\r\n" + "A: b\r\n" * 100, seconds(0.05), seconds(6))
        self.assertEqual((response.status, response.closes), (408, True))
        self.assertTrue(seconds(0.7) <= spent <= seconds(2.5), spent)
        client.expect_gone()
        wait_until(lambda: server.descriptors() <= before, 3, "its descriptor given back")

    def test_a_head_that_stops_gets_408(self):
        server = self.server("hello", "--head-timeout", limit(0.5))
        for part in ("G", "GET / HTTP/1.1", "GET / HTTP/1.1\r\nHost: x\r\n", "GET / HTTP/1.1\r\nHost: x\r\n\r"):
            client = self.client(server)
            client.send(part)
            response = client.read()
            self.assertEqual((response.status, response.closes), (408, True), part)
            client.expect_end()

    def test_the_second_head_of_a_connection_has_the_same_time(self):
        server = self.server("hello", "--head-timeout", limit(0.5), "--idle-timeout", limit(20))
        client = self.client(server)
        client.send(GET + "GET / HT")
        self.assertEqual(client.read().status, 200)
        self.assertEqual(client.read().status, 408)
        client.expect_end()

    def test_a_body_that_stops_gets_408_after_the_body_time(self):
        server = self.server("hello", "--body-timeout", limit(0.6), "--head-timeout", limit(0.3))
        for framing in ("Content-Length: 100\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n5\r\nab",
                        "Transfer-Encoding: chunked\r\n\r\n"):
            client = self.client(server)
            start = time.monotonic()
            client.send("POST / HTTP/1.1\r\nHost: x\r\n" + framing)
            response = client.read()
            self.assertEqual((response.status, response.closes), (408, True), framing)
            self.assertGreaterEqual(time.monotonic() - start, seconds(0.5), framing)
            client.expect_end()

    def test_a_body_that_drips_below_the_rate_gets_408(self):
        server = self.server("hello", "--body-timeout", limit(0.8), "--min-rate", "1000")
        client = self.client(server)
        client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")
        response, spent = self.drip(client, "b", seconds(0.05), seconds(8))
        self.assertEqual(response.status, 408)
        self.assertTrue(seconds(0.7) <= spent <= seconds(4), spent)

    def test_a_body_that_stops_is_not_excused_by_a_fast_beginning(self):
        server = self.server("hello", "--body-timeout", limit(0.6))
        client = self.client(server)
        client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n" + "b" * 900_000)
        start = time.monotonic()
        self.assertEqual(client.read().status, 408)
        self.assertLess(time.monotonic() - start, seconds(2.5))

    def test_a_body_that_comes_slowly_but_above_the_rate_is_taken(self):
        server = self.server("hello", "--body-timeout", limit(0.5), "--min-rate", "500")
        client = self.client(server)
        client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 40000\r\n\r\n")
        start = time.monotonic()
        for _ in range(40):
            client.send("b" * 1000)
            time.sleep(seconds(0.05))
        self.assertEqual(client.read().status, 200)
        self.assertGreater(time.monotonic() - start, seconds(1.5))

    def test_a_client_that_says_nothing_is_closed_after_the_idle_time(self):
        server = self.server("hello", "--idle-timeout", limit(0.5))
        client = self.client(server, timeout=8)
        client.expect_end()                         # nothing is said to one that asked nothing

    def test_a_kept_connection_is_closed_after_the_idle_time_and_not_before(self):
        server = self.server("hello", "--idle-timeout", limit(0.6), "--head-timeout", limit(0.2))
        client = self.client(server)
        start = time.monotonic()
        for _ in range(3):
            self.assertEqual(client.ask().status, 200)
            time.sleep(seconds(0.35))               # longer than a head may take: only its first byte starts that time
        self.assertEqual(client.ask().status, 200)
        client.expect_end()
        self.assertGreaterEqual(time.monotonic() - start, seconds(0.35 * 3 + 0.5))

    def test_idle_timeout_0_means_no_limit(self):
        server = self.server("hello", "--idle-timeout", "0", "--head-timeout", limit(0.3))
        client = self.client(server)
        self.assertEqual(client.ask().status, 200)
        client.expect_silence(seconds(1.2))
        self.assertEqual(client.ask().status, 200)

    def test_a_deaf_reader_is_reset_after_the_send_time(self):
        server = self.server("serve", site(), "--send-timeout", limit(0.7), "--cache-files", "0")
        before = server.descriptors()
        client = self.client(server, receive_buffer=8192, timeout=20)
        client.send("GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n")
        wait_until(lambda: server.descriptors() > before, 2, "it serves the file")
        time.sleep(seconds(0.3))
        self.assertGreater(server.descriptors(), before, "cut off before its time")
        wait_until(lambda: server.descriptors() <= before, 6, "the deaf reader's descriptors given back")
        with self.assertRaises(Truncated) as caught:
            client.read(on_data=lambda data: None)
        self.assertTrue(caught.exception.reset, "an orderly end instead of a reset")

    def test_an_honest_slow_reader_lives(self):
        server = self.server("serve", site(), "--send-timeout", limit(0.7), "--min-rate", "1000")
        client = self.client(server, receive_buffer=16384, timeout=20)
        client.send("GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n")
        start, got, first = time.monotonic(), 0, b""
        while time.monotonic() - start < seconds(4):       # a trickle that never frees room in the server's own buffer
            data = client.socket.recv(6000)
            self.assertTrue(data, f"ended after {got} bytes")
            first += data
            time.sleep(seconds(0.1))
        client.pending = first
        count = 0

        def take(data):
            nonlocal count
            count += len(data)
        self.assertEqual(client.read(on_data=take, age_max=20).status, 200)
        self.assertEqual(count, BIG_SIZE)

    def test_a_reader_below_the_rate_is_reset(self):
        server = self.server("serve", site(), "--send-timeout", limit(0.7), "--min-rate", "10m")
        client = self.client(server, receive_buffer=16384, timeout=20)
        client.send("GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n")
        start = time.monotonic()
        try:
            while client.socket.recv(4096):
                self.assertLess(time.monotonic() - start, seconds(10), "it goes on and on")
                time.sleep(seconds(0.05))
        except ConnectionResetError:
            return
        self.fail("an orderly end instead of a reset")

    def test_a_deaf_pipeliner_is_held_back_and_reset_after_the_send_time(self):
        server = self.server("hello", "--workers", "1", "--send-timeout", limit(0.7))
        self.assert_serves(server)
        before = server.own_memory()
        client = self.client(server, receive_buffer=4096, timeout=0.2)
        sent = 0
        try:
            while sent < 64 << 20:
                sent += client.socket.send(GET.encode() * 1000)
        except TimeoutError:
            pass                                    # it reads no more before its answers are taken
        except (ConnectionResetError, BrokenPipeError):
            self.fail("reset before its time")
        self.assertLess(sent, 64 << 20)
        self.assertLess(server.own_memory() - before, (1 << 20) * FACTOR)
        client.socket.settimeout(seconds(5))
        wait_until(lambda: server.socket_states().count("ESTABLISHED") == 0, 5, "it is reset")
        client.expect_reset()

    def test_a_lingering_close_ends_after_the_linger_time(self):
        server = self.server("hello", "--linger-timeout", limit(0.6))
        before = server.descriptors()
        client = self.client(server)
        client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\n")
        self.assertEqual(client.read().status, 413)
        client.expect_end()                                 # its side is shut, ours stays open
        self.assertGreater(server.descriptors(), before)
        wait_until(lambda: server.descriptors() <= before, 4, "the end of the lingering close")

    def test_a_lingering_close_drops_no_more_than_max_linger(self):
        server = self.server("hello", "--linger-timeout", limit(20), "--max-linger", "64k")
        client = self.client(server)
        client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n")
        self.assertEqual(client.read().status, 413)
        start, sent = time.monotonic(), 0
        with self.assertRaises((ConnectionResetError, BrokenPipeError)):
            while time.monotonic() - start < seconds(8):
                client.send("x" * 10_000)
                sent += 10_000
                time.sleep(0.005)

    def test_the_processor_sleeps_while_limits_run(self):
        server = self.server("hello", "--workers", "2")
        clients = [self.client(server) for _ in range(20)]
        parts = ("", "G", "GET / HTTP/1.1\r\nHost: x\r\n", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc", GET)
        for i, client in enumerate(clients):
            client.send(parts[i % len(parts)])
        assert_idle(server, span=2.0, switches=10, what="twenty clients in the middle of something")

    def test_a_slow_request_does_not_hold_up_another(self):
        server = self.server("hello", "--workers", "1", "--head-timeout", limit(3))
        slow = self.client(server)
        slow.send("GET / HTTP/1.1\r\n")
        for _ in range(20):
            self.assert_serves(server)
        slow.send("Host: x\r\n\r\n")
        self.assertEqual(slow.read().status, 200)
