"""What a request costs in system calls, counted by strace on the real binary."""

import collections
import os
import re
import time

from support import POLLER, WAITS, E2E, alone, end_strace, native, site, strace_attached, wait_until

GET = "GET {} HTTP/1.1\r\nHost: x\r\n\r\n"


def calls_in(trace):
    """The names of the calls in their order, each once, though strace may cut one into two lines."""
    calls = []
    for line in trace.splitlines():
        match = re.match(r"(?:\d+\s+)?(?:<\.\.\. (\w+) resumed|(\w+)\()", line)
        if match and "<unfinished" not in line:
            calls.append(match.group(1) or match.group(2))
    return calls


@alone
@native
class Calls(E2E):
    ROUNDS = 200

    def trace(self, server, act):
        tracer, path = strace_attached(server)
        try:
            act()
        finally:
            trace = end_strace(tracer, path)
        return calls_in(trace)

    def assert_cheap(self, name, calls, rounds, most):
        waits = sum(c in WAITS[POLLER] for c in calls)
        counts = collections.Counter(c for c in calls if c not in WAITS[POLLER] | {"restart_syscall"})
        print(f"     calls for {rounds} × {name}: {dict(counts)}; in order: {' '.join(calls[1:8])}")
        self.assertEqual(counts["epoll_ctl"], 0)
        self.assertLessEqual(waits, rounds + 6, "one wait for a request, whatever the poller")
        self.assertLessEqual(sum(counts.values()), most * rounds + 6, counts)        # a few for the second's timer

    def asked(self, server, target, pipelined=1, **kwargs):
        client = self.client(server)

        def ask():
            client.send(GET.format(target) * pipelined)
            for _ in range(pipelined):
                self.assertEqual(client.read().status, kwargs.get("status", 200))
        for _ in range(20):
            ask()
        return self.trace(server, lambda: [ask() for _ in range(self.ROUNDS)])

    def test_a_kept_hello_costs_two_calls_besides_the_wait_and_no_epoll_ctl(self):
        self.assert_cheap("hello", self.asked(self.server("hello", "--workers", "1"), "/"), self.ROUNDS, 2)

    def wait_for_age(self, name):
        """A file that changed a moment ago may change again within the same tick of its clock: weir reads such a one anew each time."""
        wait_until(lambda: time.time() - os.stat(os.path.join(site(), name)).st_ctime > 3, 5, f"{name} is old enough to be remembered")

    def test_a_small_file_costs_two_calls_besides_the_wait_and_no_epoll_ctl(self):
        self.wait_for_age("a.txt")
        self.assert_cheap("a small file", self.asked(self.server("serve", site(), "--workers", "1"), "/a.txt"), self.ROUNDS, 2)

    def test_sixteen_pipelined_requests_cost_two_calls(self):
        self.assert_cheap("16 pipelined hellos", self.asked(self.server("hello", "--workers", "1"), "/", pipelined=16), self.ROUNDS, 2)

    def test_a_hello_with_the_log_on_costs_no_call_of_its_own(self):
        server = self.server("hello", "--workers", "1", "--access-log", "/dev/null")
        self.assert_cheap("hello with a log", self.asked(server, "/"), self.ROUNDS, 2)

    def test_a_large_file_costs_no_epoll_ctl(self):
        server = self.server("serve", site(), "--workers", "1")
        client = self.client(server, receive_buffer=65536, timeout=30)
        with open(os.path.join(site(), "big.bin"), "rb") as f:     # from memory: what is not there is read by a thread
            while f.read(1 << 20):
                pass
        client.ask("/big.bin", method="HEAD")              # whether it has siblings may have to be asked of the disk, on another thread

        def fetch():
            client.send(GET.format("/big.bin"))
            client.read(on_data=lambda data: None)
        counts = collections.Counter(self.trace(server, fetch))
        print(f"     calls for a file of 32 MiB: {dict(counts)}")
        self.assertEqual(counts["epoll_ctl"], 0)
        self.assertGreater(counts["sendfile"], 0)
        self.assertEqual(counts["pread64"] + counts["read"], 0)

    def test_a_connection_is_registered_once_and_removed_by_its_close(self):
        server = self.server("hello", "--workers", "1")
        self.assert_serves(server)

        def visit():
            for _ in range(20):
                client = self.client(server)
                for _ in range(3):
                    client.ask()
                client.close()
            self.assert_serves(server)
        counts = collections.Counter(self.trace(server, visit))
        print(f"     calls for 20 connections of 3 hellos: {dict(counts)}")
        self.assertLessEqual(counts["epoll_ctl"], 21)

    def test_a_connection_that_is_closed_after_its_answer_costs_four_calls(self):
        server = self.server("hello", "--workers", "1")
        self.assert_serves(server)

        def visit():
            for _ in range(50):
                client = self.client(server)
                client.ask(fields="Connection: close\r\n")
                client.close()
        calls = self.trace(server, visit)
        counts = collections.Counter(calls)
        print(f"     calls for 50 closed connections: {dict(counts)}; in order: {' '.join(calls[:12])}")
        self.assertEqual([counts[call] for call in ("recvfrom", "sendto", "close", "epoll_ctl", "shutdown")], [50, 50, 50, 0, 0])
        self.assertLessEqual(counts["accept4"], 100)       # and one that finds no other connection

    def test_no_memory_is_taken_or_given_back_for_a_request(self):
        self.wait_for_age("64k.bin")
        calls = self.asked(self.server("serve", site(), "--workers", "1"), "/64k.bin")
        self.assertFalse({"brk", "mmap", "munmap", "mremap", "madvise"} & set(calls), collections.Counter(calls))
