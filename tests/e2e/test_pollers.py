"""What holds for each of the three pollers, whichever the other tests run on: no byte is lost, nobody is disturbed, nothing spins; and
what select has no room for is refused before it is used."""

import os
import random
import resource
import subprocess
import time

import echo_crowd
from support import LARGE, WEIR, E2E, alone, assert_idle, native, seconds, site, wait_until
from test_echo import exchange, send_until_blocked

POLLERS = ("epoll", "poll", "select")
CLIENTS = 900
TRAFFIC = (1100 if LARGE else 36) * 1_000_000
GET = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"


class EachPoller(E2E):
    """Each check_... becomes a test for each poller, below."""

    def on(self, poller, *args):
        return self.server(*args, "--workers", "1", "--poller", poller)

    def check_every_command_answers_the_same(self, poller):
        server = self.on(poller, "hello")
        self.assertEqual(self.assert_serves(server).body, b"Hello, world!")
        server = self.on(poller, "serve", site())
        self.assertEqual(len(self.assert_serves(server, "/1m.bin").body), 1 << 20)
        server = self.on(poller, "echo")
        exchange(self.client(server), b"plain\n")
        server = self.on(poller, "echo", "--http")
        self.assertEqual(self.client(server).ask(method="POST", fields="Content-Length: 3\r\n", body="abc").body, b"abc")

    def check_several_workers_serve_and_end(self, poller):
        server = self.server("echo", "--workers", "4", "--poller", poller)
        clients = [self.client(server) for _ in range(40)]
        for client in clients:
            exchange(client, b"x" * 10_000)
        server.stop()
        for client in clients:
            client.expect_gone()

    # ---- no spinning

    def check_idle_clients_cost_nothing(self, poller):
        server = self.on(poller, "echo")
        clients = [self.client(server) for _ in range(50)]
        for client in clients[:25]:
            exchange(client, b"once\n")
        assert_idle(server, switches=10, what="clients that are silent")

    def check_clients_that_do_not_read_cost_nothing(self, poller):
        server = self.on(poller, "echo")
        for _ in range(4):
            send_until_blocked(self.client(server), 0.2)
        assert_idle(server, switches=10, what="clients that do not read")

    def check_half_closed_clients_that_do_not_read_cost_nothing(self, poller):
        server = self.on(poller, "echo")
        for _ in range(4):
            client = self.client(server)
            send_until_blocked(client, 0.2)
            client.shut()
        assert_idle(server, switches=10, what="half-closed clients that are owed much")

    def check_a_half_closed_client_that_does_not_read_its_file_costs_nothing(self, poller):
        server = self.on(poller, "serve", site())
        client = self.client(server, receive_buffer=4096)
        client.send("GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n" * 3)
        client.shut()
        time.sleep(0.2)
        assert_idle(server, switches=10, what="a half-closed client that does not read its file")

    def check_clients_that_vanished_while_they_were_owed_cost_nothing(self, poller):
        server = self.on(poller, "echo")
        before = server.descriptors()
        for _ in range(4):
            client = self.client(server)
            send_until_blocked(client, 0.1)
            client.reset()
        wait_until(lambda: server.descriptors() <= before, 3, "all were seen to go")
        assert_idle(server, switches=10, what="clients that vanished")

    def check_a_full_table_with_others_waiting_costs_nothing(self, poller):
        server = self.on(poller, "hello", "--max-connections", "8", "--head-timeout", "60s")
        busy = [self.client(server) for _ in range(8)]
        for client in busy:
            client.send("GET / HTTP/1.1\r\n")
        time.sleep(seconds(0.2))
        waiting = self.client(server, timeout=10)
        waiting.send(GET)
        assert_idle(server, what="a full table")
        busy[0].send("Host: x\r\nConnection: close\r\n\r\n")
        self.assertEqual(busy[0].read().status, 200)
        self.assertEqual(waiting.read().status, 200)


def add_test(check, poller):
    setattr(EachPoller, f"test_{check.removeprefix('check_')}_on_{poller}", lambda self: getattr(self, check)(poller))


for each_check in [name for name in vars(EachPoller) if name.startswith("check_")]:
    for each_poller in POLLERS:
        add_test(each_check, each_poller)


class Select(E2E):
    """It has room for 1,024 descriptors."""

    def test_select_takes_no_more_connections_than_there_is_room_for_says_so_once_and_serves_on(self):
        server = self.server("echo", "--workers", "1", "--poller", "select", "--idle-timeout", "60s", descriptors=4000)
        clients = []
        for turn in range(1300):
            client = self.client(server, timeout=20)
            exchange(client, b"%d\n" % turn)
            clients.append(client)
        self.assertIn(server.descriptors(), range(900, 1025))
        self.assertRegex(server.errors(), r"\Aweir: all connections are taken[^\n]*\n\Z")
        clients[0].expect_end()
        exchange(clients[-1], b"still there\n")
        exchange(clients[-800], b"and I\n")
        for client in clients:
            client.close()
        exchange(self.client(server), b"afterwards\n")
        self.assertRegex(server.errors(), r"\A[^\n]*\n\Z")

    def inherit(self, count):
        """Descriptors that a server is born with: those that it opens itself are above them."""
        if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < 4000:
            self.skipTest("the hard limit of descriptors is too low")
        fill = "for ((i = 0; i < $0; i++)); do exec {fd}</dev/null; done; for fd in {3..9}; do eval \"exec $fd</dev/null\"; done"
        return ["bash", "-c", f"ulimit -Sn 4000; {fill}; exec \"$@\"", str(count)]

    @native
    def test_select_closes_a_connection_whose_descriptor_is_too_large_and_keeps_the_others(self):
        server = self.server("echo", "--workers", "1", "--poller", "select", before=self.inherit(900))
        small = []
        while server.errors() == "":
            self.assertLess(len(small), 1024)
            client = self.client(server)
            try:
                exchange(client, b"in time\n")
                exchange(client, b"and again\n")          # it had to be waited for
                small.append(client)
            except (AssertionError, ConnectionResetError):
                wait_until(server.errors, 2, "a line that says why a connection was closed")
        self.assertGreater(len(small), 50)
        for _ in range(50):
            self.client(server).expect_gone()
        for client in small:
            exchange(client, b"still there\n")
        self.assertRegex(server.errors(), r"\Aweir: a descriptor is too large for this poller[^\n]*\n\Z")
        small[0].close()
        time.sleep(seconds(0.1))
        exchange(self.client(server), b"in its place\n")
        assert_idle(server, what="descriptors that are too large")

    @native
    def test_select_cannot_start_where_no_descriptor_is_small_enough_and_the_others_can(self):
        for poller in POLLERS:
            command = self.inherit(1100) + [*WEIR, "echo", "--workers", "1", "--poller", poller, "--listen", "127.0.0.1:0"]
            if poller == "select":
                done = subprocess.run(command, capture_output=True, timeout=seconds(10), check=False)
                self.assertEqual((done.returncode, done.stdout), (1, b""))
                self.assertRegex(done.stderr, rb"\Aweir: [^\n]+\n\Z")
            else:
                server = self.server("echo", "--workers", "1", "--poller", poller, before=self.inherit(1100))
                exchange(self.client(server), b"large numbers\n")


@alone
class Traffic(E2E):
    """Nine hundred clients with random sizes, pauses and half-closes."""

    def converse(self, poller):
        seed = int(os.environ.get("WEIR_E2E_SEED") or random.randrange(1 << 32))
        print(f"     WEIR_E2E_SEED={seed}, {poller}", flush=True)
        server = self.server("echo", "--workers", "1", "--poller", poller, "--idle-timeout", "60s")
        exchange(self.client(server), b"first\n")
        start = time.monotonic()
        count = echo_crowd.run(server.address(), CLIENTS, TRAFFIC, seed, seconds(600 if LARGE else 120))
        print(f"     {count >> 20} MiB came back to {CLIENTS} clients on {poller} in {time.monotonic() - start:.1f} s")
        self.assertGreaterEqual(count, TRAFFIC)
        wait_until(lambda: set(server.socket_states()) <= {"LISTEN", "TIME_WAIT", "ESTABLISHED"}, 5, "nothing is left half-closed")
        self.assertEqual(server.errors(), "")
        assert_idle(server, what="nine hundred clients that went")


def add_conversation(poller):
    setattr(Traffic, f"test_nine_hundred_clients_get_back_every_byte_on_{poller}", lambda self: self.converse(poller))


for name in POLLERS:
    add_conversation(name)
