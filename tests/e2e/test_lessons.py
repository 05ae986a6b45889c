"""The mistakes of the well-known tutorials on epoll, poll and select, each a sentence that weir keeps. The numbers are those of the list of
mistakes."""

import threading
import time

from support import (ALPHA, BIG_SIZE, POLLER, SECRET, E2E, Client, FACTOR, Paused, assert_idle, limit, quick, scratch_path, seconds, shared,
                     site, wait_until)
from test_echo import exchange, expect_sent, receive_exactly, send_until_blocked

GET = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"


class Lessons(E2E):
    @quick
    def test_01_a_request_is_complete_at_its_end_and_not_at_a_line_end_or_an_empty_line_in_it(self):
        client = self.client(shared("hello"))
        for part in ("GET / HTTP/1.1\r\n", "Host: x\r\n", "A: b\r", "\n\r"):
            client.send(part)
            client.expect_silence(0.05)
        client.send("\n")
        self.assertEqual(client.read().status, 200)
        body = "GET /second HTTP/1.1\r\nHost: x\r\n\r\n"
        client.send(f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n{body}")
        self.assertEqual(client.read().status, 200)
        client.expect_silence(0.1)

    def test_02_an_empty_read_is_the_end_and_nothing_stays_in_close_wait_or_spins(self):
        server = self.server("hello", "--workers", "1")
        self.assert_serves(server)
        before = server.descriptors()
        for part in ("", "GET / HT", GET):
            client = self.client(server)
            client.send(part)
            time.sleep(0.02)
            client.close()
        wait_until(lambda: server.descriptors() <= before and "CLOSE_WAIT" not in server.socket_states(), 4, "all ends were seen")
        assert_idle(server, what="clients that ended")

    def test_03_a_hang_up_that_comes_with_input_is_seen(self):
        server = self.server("hello", "--workers", "1")
        self.assert_serves(server)
        before = server.descriptors()
        clients = [self.client(server) for _ in range(30)]
        for client in clients:
            client.ask()
        with Paused(server):
            for client in clients:
                client.send(GET)
                client.reset()
        wait_until(lambda: server.descriptors() <= before, 4, "all hang-ups were seen")
        assert_idle(server, what="clients that hung up")

    @quick
    def test_04_input_that_comes_together_with_the_half_close_is_answered(self):
        server = self.server("hello", "--workers", "1")
        clients = [self.client(server) for _ in range(30)]
        for client in clients[:15]:
            client.ask()
        with Paused(server):
            for client in clients:
                client.send(GET)
                client.shut()
        for client in clients:
            self.assertEqual(client.read().status, 200)
            client.expect_end()

    @quick
    def test_05_connections_that_arrive_together_are_all_accepted(self):
        server = self.server("hello", "--workers", "1")
        self.assert_serves(server)
        with Paused(server):
            clients = [self.client(server) for _ in range(300)]
            for client in clients:
                client.send(GET)
        for client in clients:
            self.assertEqual(client.read().status, 200)

    def test_06_one_slow_reader_does_not_stop_the_server_for_all(self):
        server = self.server("serve", site(), "--workers", "1")
        deaf = [self.client(server, receive_buffer=4096) for _ in range(3)]
        for client in deaf:
            client.send("GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n" * 3)
        time.sleep(0.1)
        start = time.monotonic()
        for _ in range(20):
            self.assert_serves(server, "/a.txt")
        self.assertLess(time.monotonic() - start, seconds(2))

    def test_07_partial_writes_lose_no_byte(self):
        client = self.client(shared("files"), receive_buffer=2048, timeout=30)
        names = ("/1m.bin", "/a.txt", "/64k.bin") * 3
        sender = threading.Thread(target=client.send, args=("".join(f"GET {n} HTTP/1.1\r\nHost: x\r\n\r\n" for n in names),))
        sender.start()
        bodies = [client.read().body for _ in names]
        sender.join()
        unit = bytes(range(256))
        self.assertEqual(bodies, [unit * 4096, ALPHA, unit * 256] * 3)

    def test_08_waiting_for_room_to_send_is_no_busy_loop(self):
        server = self.server("serve", site(), "--workers", "1")
        deaf = [self.client(server, receive_buffer=4096) for _ in range(5)]
        for client in deaf:
            client.send("GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.3)
        assert_idle(server, span=1.5, what="five readers that take nothing")

    @quick
    def test_09_bytes_that_are_still_coming_do_not_destroy_the_answer(self):
        for _ in range(5):
            client = self.client(shared("hello"))
            client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\n" + "x" * 200_000)
            time.sleep(0.02)                  # the answer has left, the close is under way
            client.send("x" * 10_000)
            response = client.read()
            self.assertEqual((response.status, response.closes), (413, True))
            client.expect_end()

    @quick
    def test_10_a_name_is_never_pasted_behind_the_root(self):
        for target in ("/../../../../../../etc/passwd", "/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd", "/../secret.txt"):
            response = self.client(shared("files")).ask(target)
            self.assertIn(response.status, (400, 403, 404), target)
            self.assertNotIn(b"root:", response.body)
            self.assertNotIn(SECRET, response.body)

    def test_11_a_file_is_not_read_into_memory_to_be_sent(self):
        server = self.server("serve", site(), "--workers", "1")
        self.assert_serves(server, "/a.txt")
        before = server.own_memory()
        clients = [self.client(server, receive_buffer=16384) for _ in range(10)]
        for client in clients:
            client.send("GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.3)
        self.assertLess(server.own_memory() - before, (4 << 20) * FACTOR)
        count = 0

        def take(data):
            nonlocal count
            count += len(data)
        self.assertEqual(clients[0].read(on_data=take).status, 200)
        self.assertEqual(count, BIG_SIZE)

    @quick
    def test_12_every_answer_has_a_status_line_a_length_and_a_type(self):
        client = self.client(shared("files"))
        for target, status, reason in (("/a.txt", 200, "OK"), ("/nowhere", 404, "Not Found"), ("/pipe", 403, "Forbidden")):
            response = client.ask(target)
            self.assertEqual((response.status, response.reason), (status, reason))
            self.assertEqual(int(response.field("content-length")), len(response.body))
            self.assertIn("/", response.field("content-type"))

    @quick
    def test_13_a_byte_that_is_not_utf_8_ends_nothing(self):
        path = scratch_path("log")
        server = self.server("hello", "--access-log", path)
        client = self.client(server)
        self.assertEqual(client.ask("/%ff%fe", fields="User-Agent: \xff\xfe\x80\r\n").status, 200)
        client.send(b"\xff\xfe\xfd\r\n\r\n")
        self.assert_serves(server)
        server.stop()
        with open(path, encoding="ascii") as f:
            self.assertIn("GET /%ff%fe HTTP/1.1", f.read())

    def test_14_a_request_without_end_takes_no_memory_and_is_refused(self):
        server = self.server("hello", "--workers", "1")
        self.assert_serves(server)
        before = server.own_memory()
        for text, unit, status in (("GET /", "a", 414), ("GET / HTTP/1.1\r\nHost: x\r\n", "A: b\r\n", 431),
                                   ("GET / HTTP/1.1\r\nHost: x\r\nA: ", "b", 431),
                                   ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nb\r\n", 413)):
            client = self.client(server)
            client.send(text)
            try:
                for _ in range(200):
                    client.send(unit * 50_000)
            except (ConnectionResetError, BrokenPipeError):
                pass
            got = client.expect_gone()
            self.assertTrue(got == b"" or got.startswith(b"HTTP/1.1 %d " % status), got[:100])
        self.assertLess(server.own_memory() - before, (2 << 20) * FACTOR)
        self.assert_serves(server)

    def test_15_each_phase_of_each_connection_has_its_own_time(self):
        server = self.server("serve", site(), "--workers", "1", "--head-timeout", limit(0.5), "--body-timeout", limit(0.5),
                             "--idle-timeout", limit(0.5),
                             "--send-timeout", limit(0.5), "--linger-timeout", limit(0.5), "--cache-files", "0")
        self.assert_serves(server, "/a.txt")
        before = server.descriptors()
        parts = ("", "GET / HT", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab", "GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n",
                 "GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n", "bad\r\n\r\n")
        for part in parts:
            client = self.client(server, receive_buffer=4096)
            client.send(part)
        other = self.client(server)
        for _ in range(8):
            self.assertEqual(other.ask("/a.txt").status, 200)
            time.sleep(seconds(0.2))
        other.close()
        wait_until(lambda: server.descriptors() <= before, 6, "all that did nothing are gone")

    def test_16_descriptors_above_1024_are_like_others_for_who_has_room_for_them(self):
        server = self.server("hello", "--workers", "1", "--poller", "poll" if POLLER == "poll" else "epoll", descriptors=3000)
        clients = [self.client(server) for _ in range(1100)]
        for client in clients:
            client.send(GET)
        for client in clients:
            self.assertEqual(client.read().status, 200)

    def test_17_stale_events_are_harmless_and_no_answer_goes_to_the_wrong_peer(self):
        server = self.server("serve", site(), "--workers", "1", "--linger-timeout", limit(0.3))
        for turn in range(10):
            old = [self.client(server) for _ in range(40)]
            for client in old:
                client.ask("/a.txt")
            with Paused(server):
                # in one batch: input, the end or a reset of the old, and new ones with their descriptors
                for i, client in enumerate(old):
                    client.send("GET /sub?old HTTP/1.1\r\nHost: x\r\n\r\n" if i % 3 else "bad\r\n\r\n")
                    client.reset() if i % 2 else client.close()
                new = [self.client(server) for _ in range(40)]
                for i, client in enumerate(new):
                    client.send(f"GET /sub?new-{turn}-{i} HTTP/1.1\r\nHost: x\r\n\r\n")
            for i, client in enumerate(new):
                self.assertEqual(client.read().field("location"), f"/sub/?new-{turn}-{i}")
                client.close()
        self.assert_serves(server, "/a.txt")

    @quick
    def test_18_an_error_of_one_connection_is_its_own(self):
        server = self.server("serve", site(), "--workers", "1", "--linger-timeout", limit(0.3))
        good = self.client(server)
        for i in range(60):
            bad = Client(server)
            bad.send(("\x00\x01\x02", "GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n", "bad\r\n\r\n", "G")[i % 4])
            if i % 2:
                bad.reset()
            else:
                bad.close()
            self.assertEqual(good.ask("/a.txt").body, ALPHA)

    @quick
    def test_19_a_connection_serves_many_requests_also_on_http_1_0(self):
        for version, fields in (("1.1", ""), ("1.0", "Connection: keep-alive\r\n")):
            client = self.client(shared("hello"))
            for _ in range(50):
                self.assertEqual(client.ask(version=version, fields=fields).status, 200)
            client.send(f"GET / HTTP/{version}\r\nHost: x\r\n{fields}\r\n" * 50)
            for _ in range(50):
                self.assertEqual(client.read().status, 200)

    def test_20_who_does_not_speak_http_gets_an_answer_and_an_end(self):
        server = self.server("hello", "--head-timeout", limit(0.5), "--linger-timeout", limit(0.3))
        for text, status in (("hello\n", 400), ("\x16\x03\x01\x00\xa5\x01\x00", 400), ("EHLO", 408)):
            client = self.client(server)
            client.send(text)
            self.assertEqual(client.read().status, status, text)
            client.expect_gone()


class EchoLessons(E2E):
    """Those that echo servers teach."""

    def echo(self, *args, **kwargs):
        server = self.server("echo", "--workers", "1", *args, **kwargs)
        client = self.client(server)
        exchange(client, b"first\n")
        return server, client

    def test_02_echo_takes_an_empty_read_for_the_end_and_nothing_stays_in_close_wait_or_spins(self):
        server, good = self.echo()
        before = server.descriptors()
        for end in ("close", "shut"):
            client = self.client(server)
            client.send("a few bytes")
            time.sleep(0.02)
            getattr(client, end)()
        self.assertEqual(client.receive(), b"a few bytes")
        client.expect_end()
        client.close()
        wait_until(lambda: server.descriptors() <= before and "CLOSE_WAIT" not in server.socket_states(), 4, "all ends were seen")
        assert_idle(server, what="clients that ended")
        exchange(good, b"still there\n")

    def test_03_echo_sees_a_hang_up_that_comes_with_input(self):
        server, good = self.echo()
        before = server.descriptors()
        clients = [self.client(server) for _ in range(30)]
        for client in clients:
            exchange(client, b"here\n")
        with Paused(server):
            for client in clients:
                client.send(b"last words\n")
                client.reset()
        wait_until(lambda: server.descriptors() <= before, 4, "all hang-ups were seen")
        exchange(good, b"still there\n")

    @quick
    def test_04_echo_returns_input_that_comes_together_with_the_half_close(self):
        server, _ = self.echo()
        clients = [self.client(server) for _ in range(30)]
        with Paused(server):
            for i, client in enumerate(clients):
                client.send(b"%d" % i * 5000)
                client.shut()
        for i, client in enumerate(clients):
            self.assertEqual(receive_exactly(client, len(b"%d" % i) * 5000), b"%d" % i * 5000)
            client.expect_end()

    @quick
    def test_05_echo_accepts_all_connections_that_arrive_together(self):
        server, _ = self.echo()
        with Paused(server):
            clients = [self.client(server) for _ in range(300)]
            for i, client in enumerate(clients):
                client.send(b"%05d" % i)
        for i, client in enumerate(clients):
            self.assertEqual(receive_exactly(client, 5), b"%05d" % i)

    def test_06_one_client_that_does_not_read_does_not_stop_the_echo_of_others(self):
        server, good = self.echo()
        for _ in range(3):
            send_until_blocked(self.client(server), 0.1)
        start = time.monotonic()
        for _ in range(50):
            exchange(good, b"x" * 1000)
        self.assertLess(time.monotonic() - start, seconds(2))

    def test_07_echo_loses_no_byte_that_send_did_not_take(self):
        server, client = self.echo()
        expect_sent(client, send_until_blocked(client, 0.3))
        exchange(client, b"the next\n")

    def test_08_echo_that_waits_for_room_to_send_is_no_busy_loop(self):
        server, _ = self.echo()
        for _ in range(3):
            send_until_blocked(self.client(server), 0.2)
        assert_idle(server, span=1.5, what="three clients that do not read")

    def test_15_a_silent_client_of_echo_does_not_stay_for_ever(self):
        server, silent = self.echo("--idle-timeout", limit(0.4))
        silent.expect_end()

    def test_16_select_is_never_given_a_descriptor_that_it_has_no_room_for(self):
        server, _ = self.echo("--poller", "select", descriptors=3000)
        clients = [self.client(server) for _ in range(1100)]
        for i, client in enumerate(clients):
            client.send(b"%05d" % i)
        for i, client in enumerate(clients):
            self.assertEqual(receive_exactly(client, 5), b"%05d" % i)
        self.assertLessEqual(server.descriptors(), 1024)
        self.assertEqual(server.errors().count("\n"), 1, server.errors())
        exchange(self.client(server), b"afterwards\n")

    def test_17_no_byte_of_echo_goes_to_who_has_the_descriptor_of_another_now(self):
        server, good = self.echo()
        for turn in range(10):
            old = [self.client(server) for _ in range(40)]
            for client in old:
                exchange(client, b"old\n")
            with Paused(server):
                for i, client in enumerate(old):
                    client.send(b"of the old one\n" * 50)
                    client.reset() if i % 2 else client.close()
                new = [self.client(server) for _ in range(40)]
                for i, client in enumerate(new):
                    client.send(b"new %03d %03d\n" % (turn, i))
            for i, client in enumerate(new):
                self.assertEqual(receive_exactly(client, 12), b"new %03d %03d\n" % (turn, i))
                client.close()
            exchange(good, b"still there\n")

    @quick
    def test_18_an_error_of_one_connection_of_echo_is_its_own(self):
        server, good = self.echo()
        for i in range(60):
            bad = self.client(server)
            bad.send(b"\0\xff" * (i * 500))
            bad.reset()
            exchange(good, b"still there\n")

    @quick
    def test_20_plain_tcp_gets_every_byte_back_and_an_end(self):
        server, client = self.echo()
        exchange(client, b"\x16\x03\x01\x00\xa5 EHLO GET / \r\n\r\n")
        client.shut()
        client.expect_end()
