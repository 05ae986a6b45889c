"""Clients that shut, vanish or stay silent: answers arrive, descriptors come back, nothing spins."""

import socket
import time

from support import BIG_SIZE, E2E, Paused, alone, assert_idle, limit, quick, shared, site, wait_until

GET = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"


@quick
class HalfClosed(E2E):
    def test_a_client_that_shuts_its_side_right_after_the_request_gets_the_answer(self):
        for kind, target, size in (("hello", "/", 13), ("files", "/64k.bin", 65536), ("files", "/1m.bin", 1 << 20)):
            client = self.client(shared(kind))
            client.send(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n")
            client.shut()
            response = client.read()
            self.assertEqual((response.status, len(response.body)), (200, size))
            client.expect_end()

    def test_a_pipeline_before_the_half_close_is_answered_whole(self):
        client = self.client(shared("hello"))
        client.send(GET * 50)
        client.shut()
        for _ in range(50):
            self.assertEqual(client.read().status, 200)
        client.expect_end()

    def test_a_half_close_before_a_large_file_and_more_requests_costs_nothing(self):
        client = self.client(shared("files"), receive_buffer=32768, timeout=30)
        client.send("GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n" + "GET /1m.bin HTTP/1.1\r\nHost: x\r\n\r\n" * 2)
        client.shut()
        time.sleep(0.1)
        for size in (BIG_SIZE, 1 << 20, 1 << 20):
            count = 0

            def take(data):
                nonlocal count
                count += len(data)
            self.assertEqual(client.read(on_data=take).status, 200)
            self.assertEqual(count, size)
        client.expect_end()

    def test_a_half_close_some_time_after_the_request_ends_the_connection(self):
        client = self.client(shared("hello"))
        self.assertEqual(client.ask().status, 200)
        client.shut()
        client.expect_end()

    def test_a_half_close_before_any_request_ends_the_connection_without_a_word(self):
        client = self.client(shared("hello"))
        client.shut()
        client.expect_end()

    def test_a_half_close_inside_a_head_gets_400(self):
        for part in ("G", "GET / HTTP/1.1", "GET / HTTP/1.1\r\nHost: x\r\n", "GET / HTTP/1.1\r\nHost: x\r\n\r"):
            client = self.client(shared("hello"))
            client.send(part)
            client.shut()
            response = client.read()
            self.assertEqual((response.status, response.closes), (400, True), part)
            client.expect_end()

    def test_a_half_close_inside_a_body_gets_400(self):
        for part in ("Content-Length: 5\r\n\r\nabcd", "Content-Length: 5\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n",
                     "Transfer-Encoding: chunked\r\n\r\n5\r\nab",
                     "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n", "Transfer-Encoding: chunked\r\n\r\n1"):
            client = self.client(shared("hello"))
            client.send("POST / HTTP/1.1\r\nHost: x\r\n" + part)
            client.shut()
            response = client.read("POST")
            self.assertEqual((response.status, response.closes), (400, True), part)
            client.expect_end()

    def test_a_half_close_after_a_100_continue_gets_400(self):
        client = self.client(shared("hello"))
        client.send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
        self.assertTrue(client.receive().startswith(b"HTTP/1.1 100"))
        client.shut()
        self.assertEqual(client.read("POST").status, 400)

    def test_an_empty_line_and_a_half_close_is_no_message(self):
        client = self.client(shared("hello"))
        client.send("\r\n")
        client.shut()
        client.expect_end()


class Vanished(E2E):
    def setUp(self):
        self.hello = self.server("serve", site(), "--workers", "2", "--linger-timeout", limit(0.5), "--cache-files", "0")
        self.assert_serves(self.hello, "/a.txt")
        wait_until(lambda: "CLOSE_WAIT" not in self.hello.socket_states(), 2, "a quiet start")
        self.before = self.hello.descriptors()

    def assert_clean(self):
        wait_until(lambda: self.hello.descriptors() <= self.before, 5, "descriptors given back")
        wait_until(lambda: "CLOSE_WAIT" not in self.hello.socket_states(), 2, "no CLOSE_WAIT")
        assert_idle(self.hello, what="clients that have gone")
        self.assert_serves(self.hello, "/a.txt")

    def test_clients_that_are_reset_in_any_state_leave_nothing_behind(self):
        parts = ("", "G", "GET /a.txt HTTP/1.1\r\n", "GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n",
                 "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab",
                 "GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n", "bad\r\n\r\n", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\n",
                 "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
        for pause in (0, 0.02):
            for part in parts * 4:
                client = self.client(self.hello)
                client.send(part)
                time.sleep(pause)
                client.reset()
        self.assert_clean()

    def test_clients_that_close_in_any_state_leave_nothing_behind(self):
        parts = ("", "GET /a.txt HTTP/1.1\r\nHost: x\r\n", "GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n",
                 "GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n", "bad\r\n\r\n",
                 "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
                 "GET /a.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        for pause in (0, 0.02):
            for part in parts * 4:
                client = self.client(self.hello)
                client.send(part)
                time.sleep(pause)
                client.close()
        self.assert_clean()

    def test_clients_that_half_close_and_stay_leave_no_spinning_server(self):
        clients = []
        for part in ("", "GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n", "GET /a.txt HTTP/1.1\r\n") * 3:
            client = self.client(self.hello)
            client.send(part)
            client.shut()
            clients.append(client)
        time.sleep(0.2)
        assert_idle(self.hello, what="half-closed clients")
        for client in clients:
            client.close()
        self.assert_clean()

    def test_a_reset_half_way_through_a_file_frees_the_file(self):
        clients = [self.client(self.hello, receive_buffer=8192) for _ in range(10)]
        for client in clients:
            client.send("GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n")
        wait_until(lambda: self.hello.descriptors() >= self.before + 20, 3, "ten sockets and ten files")
        time.sleep(0.1)
        assert_idle(self.hello, what="ten deaf readers")
        for client in clients:
            client.reset()
        self.assert_clean()


@alone
class Idle(E2E):
    def test_the_processor_is_idle_when_a_hundred_clients_are(self):
        server = self.server("serve", site(), "--workers", "2", "--idle-timeout", "60s")
        clients = [self.client(server) for _ in range(100)]
        for client in clients:
            self.assertEqual(client.ask("/a.txt").status, 200)
        time.sleep(1.2)
        assert_idle(server, span=3.0, switches=5, what="a hundred idle clients")
        for client in clients:
            self.assertEqual(client.ask("/a.txt").status, 200)

    def test_a_server_without_clients_sleeps(self):
        assert_idle(self.server("hello", "--workers", "2"), span=2.0, switches=5, what="no client at all")


@quick
class Urgent(E2E):
    def test_what_stands_behind_urgent_data_is_read_at_once(self):
        server = self.server("hello", "--workers", "1")
        clients = [self.client(server, timeout=3) for _ in range(10)]
        for client in clients[:5]:
            client.ask()
        with Paused(server):                      # a read ends at the mark, though more lies behind it
            for client in clients:
                client.send("GET / HTTP/1.1\r\nHost: x\r\n")
                client.socket.send(b"!", socket.MSG_OOB)
                client.send("A: b\r\n\r\n")
        for client in clients:
            self.assertEqual(client.read().status, 200)
