"""weir echo: plain TCP. Every byte comes back, in order, whatever the client does or leaves undone, and nobody is disturbed by another."""

import random
import subprocess
import threading
import time

from support import WEIR, E2E, Client, assert_idle, limit, native, quick, scratch_path, seconds, wait_until

POOL = random.Random(7).randbytes(1 << 20)


def exchange(client, data):
    client.send(data)
    assert receive_exactly(client, len(data)) == data, "other bytes came back than were sent"


def receive_exactly(client, size):
    pieces = []
    while size > 0:
        data = client.receive(min(size, 262144))
        assert data, f"the end came with {size} bytes to go"
        pieces.append(data)
        size -= len(data)
    return b"".join(pieces)


def pieces():
    """Bytes without end, of which a misplaced one is seen."""
    while True:
        for at in range(0, len(POOL), 16384):
            yield POOL[at:at + 16384]


def send_until_blocked(client, span=0.5):
    """Sends without reading until nothing more is taken; how much was."""
    client.socket.settimeout(seconds(span))
    sent = 0
    for piece in pieces():
        while piece:
            try:
                count = client.socket.send(piece)
            except TimeoutError:
                client.socket.settimeout(seconds(10))
                return sent
            sent += count
            piece = piece[count:]
    return sent


def expect_sent(client, sent):
    """All that send_until_blocked() sent comes back."""
    at = 0
    while at < sent:
        data = client.receive(65536)
        assert data, f"the end came after {at} of {sent} bytes"
        place = at % len(POOL)
        assert data == (POOL + POOL)[place:place + len(data)], f"other bytes came back from {at} on"
        at += len(data)
    assert at == sent


class Echo(E2E):
    def echo(self, *args, **kwargs):
        return self.server("echo", "--workers", "1", *args, **kwargs)

    def assert_echoes(self, server):
        client = Client(server)
        try:
            exchange(client, b"still there\n")
        finally:
            client.close()

    # ---- every byte

    @quick
    def test_the_ready_line_says_that_it_is_plain_tcp_and_where(self):
        server = self.echo()
        self.assertRegex(server.lines[0], r"\Aweir: echo on tcp://127\.0\.0\.1:\d+\Z")

    @quick
    def test_every_byte_comes_back_however_it_is_cut(self):
        server = self.echo()
        client = self.client(server)
        for size in (1, 2, 1000, 4096, 16384, 32767, 32768, 32769, 65535, 65536, 65537):
            exchange(client, POOL[:size])
        client.send_bytewise(b"one by one\r\n\0\xff")
        self.assertEqual(receive_exactly(client, 14), b"one by one\r\n\0\xff")
        client.shut()
        client.expect_end()

    @quick
    def test_what_looks_like_http_is_bytes_like_others(self):
        client = self.client(self.echo())
        exchange(client, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        exchange(client, b"bad\r\n\r\n")

    def run_program(self, data, *command):
        done = subprocess.run(command, input=data, capture_output=True, timeout=seconds(60), check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(done.stdout), len(data))
        self.assertEqual(done.stdout, data)

    def test_nc_gets_back_every_byte_and_the_end(self):
        server = self.echo()
        for data in (b"", b"x", POOL * 8):
            self.run_program(data, "nc", "-N", "127.0.0.1", str(server.port))

    def test_socat_gets_back_every_byte_over_tcp_and_over_a_unix_socket(self):
        path = scratch_path("sock")
        server = self.echo(listen=["127.0.0.1:0", f"unix:{path}"])
        self.run_program(POOL * 8, "socat", "-t", "30", "-", f"TCP:127.0.0.1:{server.port}")
        self.run_program(POOL * 8, "socat", "-t", "30", "-", f"UNIX-CONNECT:{path}")

    def test_the_smallest_and_a_large_buffer_give_back_every_byte(self):
        for size in ("4k", "5000", "8m"):
            server = self.echo("--max-buffer", size)
            self.run_program(POOL * 4, "nc", "-N", "127.0.0.1", str(server.port))

    # ---- who does not read

    def test_after_a_half_close_what_is_owed_is_sent_and_then_comes_the_end(self):
        server = self.echo()
        client = self.client(server)
        sent = send_until_blocked(client)
        client.shut()
        time.sleep(seconds(0.2))
        expect_sent(client, sent)
        client.expect_end()
        wait_until(lambda: set(server.socket_states()) <= {"LISTEN", "TIME_WAIT"}, 3, "nothing left of it")

    @native
    def test_who_never_reads_holds_at_most_its_bound_and_disturbs_nobody(self):
        for bound in (4096, 65536, 1 << 20):
            server = self.echo("--max-buffer", bound, "--send-timeout", "60s")
            self.assert_echoes(server)
            before = server.own_memory()
            deaf = [self.client(server) for _ in range(20)]
            senders = [threading.Thread(target=send_until_blocked, args=(client,)) for client in deaf]
            for sender in senders:
                sender.start()
            for sender in senders:
                sender.join()
            each = (server.own_memory() - before) / len(deaf)
            print(f"     {each / 1024:.0f} KiB of own memory for each client that does not read, bound {bound >> 10} KiB")
            self.assertLessEqual(each, bound + 4096)
            self.assertGreaterEqual(each, bound / 4, "it is no bound that was measured: nobody came near it")
            start = time.monotonic()
            for _ in range(20):
                self.assert_echoes(server)
            self.assertLess(time.monotonic() - start, seconds(1))
            for client in deaf:
                client.reset()

    def test_who_reads_after_a_while_gets_all_and_goes_on(self):
        server = self.echo()
        client = self.client(server)
        for _ in range(3):
            expect_sent(client, send_until_blocked(client))
        exchange(client, b"and on\n")

    def test_a_slow_reader_with_a_small_window_loses_no_byte(self):
        server = self.echo()
        client = self.client(server, receive_buffer=2048, timeout=30)
        data = POOL[:400_000]
        sender = threading.Thread(target=client.send, args=(data,))
        sender.start()
        got = b""
        while len(got) < len(data):
            got += client.receive(3000)
            if len(got) % 7 == 0:
                time.sleep(0.01)
        sender.join()
        self.assertEqual(got, data)

    @native
    def test_with_nothing_owed_a_connection_holds_no_buffer(self):
        server = self.echo()
        self.assert_echoes(server)
        before = server.own_memory()
        for _ in range(500):
            exchange(self.client(server), b"hello\n")
        self.assertLessEqual((server.own_memory() - before) / 500, 512)

    # ---- who goes

    def test_clients_that_vanish_leave_nothing(self):
        server = self.echo("--max-buffer", "16k")
        self.assert_echoes(server)
        before = server.descriptors()
        for turn in range(60):
            client = self.client(server)
            if turn % 4 > 1:
                client.socket.setblocking(False)
                try:
                    for piece in pieces():
                        client.socket.send(piece)
                except BlockingIOError:
                    pass
            elif turn % 4 == 1:
                client.send(b"a few bytes")
            if turn % 2:
                client.reset()
            else:
                client.close()
        wait_until(lambda: server.descriptors() <= before and "CLOSE_WAIT" not in server.socket_states(), 5, "all were seen to go")
        self.assert_echoes(server)
        assert_idle(server, what="clients that went")

    def test_a_client_that_goes_while_much_is_owed_harms_no_other(self):
        server = self.echo()
        good = self.client(server)
        for turn in range(20):
            bad = self.client(server)
            bad.send(POOL[:100_000])
            bad.reset() if turn % 2 else bad.close()
            exchange(good, POOL[turn:turn + 5000])

    # ---- time

    def test_who_is_silent_is_let_go_and_who_talks_is_not(self):
        server = self.echo("--idle-timeout", limit(0.5))
        talker, silent, done = (self.client(server) for _ in range(3))
        exchange(done, b"once\n")
        start = time.monotonic()
        for _ in range(12):
            exchange(talker, b"tick\n")
            time.sleep(seconds(0.1))
        self.assertGreater(time.monotonic() - start, seconds(1))
        silent.expect_end()
        done.expect_end()
        exchange(talker, b"tock\n")

    def test_without_an_idle_limit_silence_is_no_fault(self):
        server = self.echo("--idle-timeout", "0")
        client = self.client(server)
        exchange(client, b"once\n")
        client.expect_silence(1.5)
        exchange(client, b"twice\n")

    def test_who_never_reads_is_reset_when_its_time_is_over_and_a_slow_one_is_not(self):
        server = self.echo("--send-timeout", limit(0.6), "--min-rate", "0")
        deaf, slow = self.client(server), self.client(server)
        send_until_blocked(deaf, 0.2)
        sent, got = send_until_blocked(slow, 0.2), 0
        end = time.monotonic() + seconds(1.5)
        while time.monotonic() < end:                # reads all the time, and is not done with it
            got += len(slow.receive(min(20_000, sent - got)))
            time.sleep(seconds(0.02))
        self.assertLess(got, sent)
        wait_until(lambda: server.socket_states().count("ESTABLISHED") == 1, 3, "the deaf one is gone")
        deaf.expect_reset()
        while got < sent:
            got += len(slow.receive())
        exchange(slow, b"alive\n")

    # ---- the end

    def test_a_drain_sends_what_is_owed_and_ends_idle_clients_at_once(self):
        server = self.echo("--drain-timeout", limit(8))
        idle, owed = self.client(server), self.client(server)
        exchange(idle, b"once\n")
        sent = send_until_blocked(owed)
        server.process.terminate()
        idle.expect_end()
        got = b""
        try:
            while data := owed.receive():
                got += data
        except ConnectionResetError:
            pass
        self.assertGreater(len(got), 65536)
        self.assertLessEqual(len(got), sent)
        self.assertTrue((POOL * (1 + len(got) // len(POOL))).startswith(got), "other bytes came back than were sent")
        owed.close()
        self.assertEqual(server.wait(), 0)

    def test_without_descriptors_the_longest_idle_client_gives_way(self):
        server = self.echo("--max-connections", "8")
        clients = [self.client(server) for _ in range(9)]
        for client in clients[:8]:
            exchange(client, b"here\n")
        exchange(clients[8], b"here too\n")
        clients[0].expect_end()
        exchange(clients[7], b"still\n")

    def test_options_of_http_are_refused_with_one_line(self):
        for args in (["--access-log", "-"], ["--max-line", "1k"], ["--max-body", "1"], ["--head-timeout", "1s"], ["--no-server-header"],
                     ["--dot-files"], ["--max-buffer", "1k"], ["--max-buffer", "8k", "--http"], ["x"]):
            done = subprocess.run([*WEIR, "echo", *args], capture_output=True, timeout=seconds(5), check=False)
            self.assertEqual((done.returncode, done.stdout), (2, b""), args)
            self.assertRegex(done.stderr, rb"\Aweir: [^\n]+\n\Z")
            self.assertIn(args[0].encode(), done.stderr)
