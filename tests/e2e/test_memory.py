"""What an idle connection costs in memory of our own, and whether it costs others time."""

import os
import resource
import time

from crowd import Crowd
from support import CONNECTIONS, POLLER, E2E, alone, native, site

IDLE = CONNECTIONS


def processor_ns(server):
    total = 0
    for task in os.listdir(f"/proc/{server.pid}/task"):
        with open(f"/proc/{server.pid}/task/{task}/schedstat", encoding="ascii") as f:
            total += int(f.read().split()[0])
    return total


@alone
@native
class Memory(E2E):
    def cost(self, server, rounds=3000):
        """Nanoseconds of processor for a request, best of three."""
        client = self.client(server)
        best = None
        for _ in range(3):
            before = processor_ns(server)
            for _ in range(rounds // 3):
                client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                client.socket.recv(4096)
            spent = (processor_ns(server) - before) / (rounds // 3)
            best = spent if best is None else min(best, spent)
        return best

    def test_idle_connections_by_the_thousand_hold_at_most_512_bytes_each(self):
        if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < IDLE + 200:
            self.skipTest("the hard limit of descriptors is too low")
        server = self.server("hello", "--workers", "1", descriptors=IDLE + 500)
        alone_cost = self.cost(server)
        before = server.own_memory()
        crowd = Crowd(server.address(), IDLE)
        self.addCleanup(crowd.close)
        self.assertEqual(crowd.count, IDLE)
        time.sleep(0.3)
        each = (server.own_memory() - before) / IDLE
        crowded_cost = self.cost(server)
        print(f"     {each:.0f} bytes of own memory for each of {IDLE} idle connections; at rest {before >> 10} KiB; "
              f"a request costs {alone_cost / 1000:.1f} µs alone, {crowded_cost / 1000:.1f} µs beside them")
        self.assertLessEqual(each, 512)
        if POLLER == "epoll":
            self.assertLessEqual(crowded_cost, alone_cost * 1.5)
        else:                          # the kernel looks at each of them in each turn
            self.assertLessEqual((crowded_cost - alone_cost) / IDLE, 1500, "nanoseconds of a turn for each idle connection")

    def test_memory_comes_down_to_what_it_was_after_a_crowd_asks_twice(self):
        server = self.server("hello", "--workers", "1", descriptors=3000)
        count = min(CONNECTIONS, 2000)
        crowd = Crowd(server.address(), count)
        crowd.tell("ask", "answered")
        full = server.own_memory()
        for _ in range(3):
            crowd.tell("ask", "answered")
        crowd.tell("reset", "reset")
        crowd.close()
        crowd = Crowd(server.address(), count)
        self.addCleanup(crowd.close)
        crowd.tell("ask", "answered")
        self.assertLessEqual(server.own_memory(), full + (256 << 10), "the second crowd found no room that the first one left")

    def test_large_files_take_no_memory(self):
        server = self.server("serve", site(), "--workers", "1")
        self.assert_serves(server, "/a.txt")
        before = server.own_memory()
        clients = [self.client(server, receive_buffer=65536) for _ in range(20)]
        for client in clients:
            client.send("GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.3)
        self.assertLess(server.own_memory() - before, 2 << 20)

    def test_heads_and_bodies_without_end_take_no_memory(self):
        server = self.server("hello", "--workers", "1")
        self.assert_serves(server)
        before = server.own_memory()
        for _ in range(50):
            client = self.client(server)
            client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n" + "b" * 500_000)
        time.sleep(0.2)
        self.assertLess(server.own_memory() - before, 4 << 20)
