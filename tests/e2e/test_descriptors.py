"""As many connections as the machine gives, and what happens when there are no more descriptors."""

import resource
import time

from crowd import Crowd
from support import CONNECTIONS, POLLER, E2E, Client, alone, assert_idle, limit, seconds, site, wait_until

GET = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"


class OutOfDescriptors(E2E):
    def test_idle_connections_give_way_the_longest_idle_first(self):
        server = self.server("hello", "--workers", "1", descriptors=64)
        clients = []
        for _ in range(100):
            client = self.client(server, timeout=3)
            self.assertEqual(client.ask().status, 200)
            clients.append(client)
        alive = []
        for client in clients:
            try:
                client.expect_silence(0.005)
                alive.append(True)
            except AssertionError:
                alive.append(False)
        self.assertIn(alive.count(True), range(20, 65))
        self.assertEqual(alive, sorted(alive), "a younger one had to go before an older one")
        self.assertEqual(server.errors().count("\n"), 1, server.errors())
        self.assertLessEqual(server.descriptors(), 64)
        assert_idle(server, what="as many connections as there may be")
        for client in clients:
            client.close()
        wait_until(lambda: server.descriptors() < 20, 3, "descriptors given back")
        for _ in range(3):
            self.assert_serves(server)
        self.assertEqual(server.errors().count("\n"), 1, server.errors())

    def test_a_connection_that_was_used_again_is_not_the_longest_idle(self):
        server = self.server("hello", "--workers", "1", "--max-connections", "10")
        clients = [self.client(server) for _ in range(10)]
        for client in clients:
            self.assertEqual(client.ask().status, 200)
        self.assertEqual(clients[0].ask().status, 200)
        newer = self.client(server)
        self.assertEqual(newer.ask().status, 200)
        clients[1].expect_end()
        self.assertEqual(clients[0].ask().status, 200)

    def test_with_all_connections_busy_accepting_waits_and_goes_on(self):
        server = self.server("hello", "--workers", "1", "--max-connections", "8", "--head-timeout", "60s")
        busy = [self.client(server) for _ in range(8)]
        for client in busy:
            client.send("GET / HTTP/1.1\r\n")
        time.sleep(seconds(0.3))
        waiting = [self.client(server, timeout=10) for _ in range(3)]
        for client in waiting:
            client.send(GET)
            client.expect_silence(0.1)
        assert_idle(server, what="connections that wait to be accepted")
        for client in busy:
            client.send("Host: x\r\nConnection: close\r\n\r\n")
            self.assertEqual(client.read().status, 200)
            client.close()
        for client in waiting:
            self.assertEqual(client.read().status, 200)

    def test_busy_connections_up_to_the_descriptor_limit_harm_nobody(self):
        server = self.server("hello", "--workers", "1", "--head-timeout", "60s", descriptors=64)
        busy = []
        for _ in range(90):
            busy.append(self.client(server, timeout=10))
            busy[-1].send("GET / HTTP/1.1\r\n")
        time.sleep(seconds(0.3))
        assert_idle(server, what="busy connections without end")
        self.assertLessEqual(server.errors().count("\n"), 1, server.errors())
        for client in busy:
            client.send("Host: x\r\nConnection: close\r\n\r\n")
        for client in busy:
            self.assertEqual(client.read().status, 200)
            client.close()
        for _ in range(3):
            self.assert_serves(server)

    def test_open_files_count_too(self):
        server = self.server("serve", site(), "--workers", "1", "--send-timeout", "60s", "--cache-files", "0", descriptors=64)
        self.assert_serves(server, "/a.txt")
        before = server.descriptors()
        clients, statuses = [], []
        for _ in range(60):
            client = Client(server, timeout=0.3, receive_buffer=8192)
            client.send("GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n")
            clients.append(client)
        time.sleep(seconds(0.3))
        assert_idle(server, what="files without end")
        for client in clients:
            try:
                head = client.receive(12)
                if head:
                    statuses.append(head[9:12])
            except (TimeoutError, ConnectionResetError):
                pass
            client.reset()
        self.assertGreaterEqual(statuses.count(b"200"), 15)
        self.assertLessEqual(set(statuses), {b"200", b"503", b"500"})
        self.assertLessEqual(server.errors().count("\n"), 1, server.errors())
        wait_until(lambda: server.descriptors() <= before, 5, "descriptors given back")
        for _ in range(3):
            self.assert_serves(server, "/big.bin")
            self.assert_serves(server, "/style.css")

    def test_several_workers_share_what_there_is(self):
        server = self.server("hello", "--workers", "4", descriptors=100)
        for _ in range(150):
            client = self.client(server, timeout=3)
            self.assertEqual(client.ask().status, 200)
        self.assertLessEqual(server.descriptors(), 100)
        self.assert_serves(server)


@alone
class Crowds(E2E):
    COUNT = 10_000
    DESCRIPTORS = 12_000          # weir keeps a reserve for files

    def setUp(self):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        if hard < self.DESCRIPTORS:
            self.skipTest(f"the hard limit of descriptors is {hard}")

    def test_ten_thousand_open_connections_are_all_served(self):
        server = self.server("hello", "--workers", "2", descriptors=self.DESCRIPTORS)
        self.assert_serves(server)
        before = server.descriptors()
        crowd = Crowd(server.address(), self.COUNT)
        self.addCleanup(crowd.close)
        self.assertEqual(crowd.count, self.COUNT)
        if POLLER == "select":         # has room for fewer: the longest-idle ones gave way, and one line says so
            self.assertIn(server.descriptors(), range(CONNECTIONS, 1025))
            self.assertIn(crowd.tell("alive", "alive"), range(CONNECTIONS, 1025))
            self.assertRegex(server.errors(), r"\Aweir: all connections are taken[^\n]*\n\Z")
        else:
            wait_until(lambda: server.descriptors() >= self.COUNT, 10, "ten thousand accepted connections")
            self.assertEqual(crowd.tell("ask", "answered"), self.COUNT)
            self.assertEqual(crowd.tell("alive", "alive"), self.COUNT)
        for _ in range(20):
            self.assert_serves(server)
        time.sleep(0.5)
        assert_idle(server, span=2.0, switches=10, what="ten thousand idle connections")
        crowd.tell("reset", "reset")
        wait_until(lambda: server.descriptors() <= before, 10, "ten thousand descriptors given back")
        self.assert_serves(server)

    def test_a_drain_ends_ten_thousand_idle_connections_at_once(self):
        server = self.server("hello", "--workers", "2", "--drain-timeout", limit(5), descriptors=self.DESCRIPTORS)
        crowd = Crowd(server.address(), self.COUNT)
        self.addCleanup(crowd.close)
        server.process.terminate()
        wait_until(lambda: crowd.tell("alive", "alive") == 0, 5, "all told to go")
        crowd.close()
        start = time.monotonic()
        self.assertEqual(server.wait(), 0)
        self.assertLess(time.monotonic() - start, seconds(3))
