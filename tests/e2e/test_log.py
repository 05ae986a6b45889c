"""The access log: Combined Log Format, a line is a line, and it never stops the serving."""

import os
import pty
import re
import select
import signal
import threading
import time

from support import ALPHA, E2E, FACTOR, Server, has_ipv6, limit, quick, scratch_path, seconds, site, wait_until

LINE = re.compile(rb'(?P<host>\S+) (?P<ident>\S+) (?P<user>\S+) \[(?P<time>\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\] '
                  rb'"(?P<request>(?:[^"\\\x00-\x1f\x7f-\xff]|\\.)*)" (?P<status>\d{3}) (?P<bytes>\d+|-) '
                  rb'"(?P<referer>(?:[^"\\\x00-\x1f\x7f-\xff]|\\.)*)" "(?P<agent>(?:[^"\\\x00-\x1f\x7f-\xff]|\\.)*)"')


def lines_of(path):
    with open(path, "rb") as f:
        return f.read().splitlines()


class Log(E2E):
    def logged(self, *args, kind="serve"):
        path = scratch_path("access.log")
        server = self.server(*((kind, site()) if kind == "serve" else (kind,)), "--access-log", path, "--linger-timeout", limit(0.3), *args)
        return server, path

    def wait_lines(self, path, count):
        """Exactly `count` lines, all in the format."""
        wait_until(lambda: len(lines_of(path)) >= count, 3, f"{count} lines in the log")
        matches = []
        for line in lines_of(path):
            match = LINE.fullmatch(line)
            self.assertIsNotNone(match, line)
            matches.append(match)
        self.assertEqual(len(matches), count)
        return matches

    @quick
    def test_a_line_says_who_when_what_and_how_much(self):
        server, path = self.logged()
        client = self.client(server)
        client.ask("/a.txt?x=y", fields="Referer: http://r.example/\r\nUser-Agent: Mozilla/5.0 (X11)\r\n")
        client.ask("/nowhere", method="HEAD")
        client.ask("/sub", version="1.0")
        first, second, third = self.wait_lines(path, 3)
        self.assertEqual(first["host"], b"127.0.0.1")
        self.assertEqual((first["request"], first["status"], first["bytes"]), (b"GET /a.txt?x=y HTTP/1.1", b"200", b"%d" % len(ALPHA)))
        self.assertEqual((first["referer"], first["agent"]), (b"http://r.example/", b"Mozilla/5.0 (X11)"))
        stamp = time.mktime(time.strptime(first["time"].decode().split()[0], "%d/%b/%Y:%H:%M:%S"))
        zone = first["time"].decode().split()[1]
        offset = (int(zone[1:3]) * 60 + int(zone[3:])) * 60 * (-1 if zone[0] == "-" else 1)
        utc = stamp - time.timezone - offset
        self.assertLess(abs(time.time() - utc), 10 * FACTOR)
        self.assertEqual((second["request"], second["status"]), (b"HEAD /nowhere HTTP/1.1", b"404"))
        self.assertIn(second["bytes"], (b"0", b"-"))
        self.assertEqual((second["referer"], second["agent"]), (b"-", b"-"))
        self.assertEqual((third["request"], third["status"]), (b"GET /sub HTTP/1.0", b"301"))

    @quick
    def test_a_line_is_on_disk_about_a_second_after_the_request(self):
        server, path = self.logged()
        client = self.client(server)
        start = time.monotonic()
        client.ask("/a.txt")
        self.wait_lines(path, 1)
        self.assertLess(time.monotonic() - start, seconds(1.6))

    @quick
    def test_hostile_bytes_are_escaped_so_that_a_line_is_a_line(self):
        server, path = self.logged()
        hostile = "".join(chr(c) for c in range(0x20, 0x7f)) + "".join(chr(c) for c in range(0x80,
                                                                                             0x100)) + "\t\" \\ \\\" \" 200 1 \"-\" \"x"
        client = self.client(server)
        self.assertEqual(client.ask("/a.txt?'", fields=f"User-Agent: {hostile}\r\nReferer: {hostile}\r\n").status, 200)
        self.assertEqual(client.ask("/%0a%22%5c%ff", fields="User-Agent: \"\r\n").status, 404)
        first, second = self.wait_lines(path, 2)
        for name in ("referer", "agent"):
            self.assertGreater(len(first[name]), 200)
        self.assertEqual(second["request"], b"GET /%0a%22%5c%ff HTTP/1.1")

    @quick
    def test_refused_requests_and_binary_noise_are_one_line_each(self):
        server, path = self.logged()
        noise = ("\x00\xff\x1b[2J\r\n\r\n", "GET /\x07\" HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\nA: b\x00c\r\n\r\n",
                 "\xff\xfe\r\n", "\"\\\"\\\n\n",
                 "GET / HTTP/9.9\r\n\r\n", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n")
        for text in noise:
            client = self.client(server)
            client.send(text)
            self.assertGreaterEqual(client.read().status, 400)
            client.close()
        statuses = [int(m["status"]) for m in self.wait_lines(path, len(noise))]
        self.assertEqual(len([s for s in statuses if s >= 400]), len(noise))
        self.assertEqual(statuses.count(413), 1)

    def test_every_exchange_is_logged_exactly_once(self):
        server, path = self.logged("--workers", "2", kind="hello")
        clients = [self.client(server) for _ in range(10)]
        for client in clients:
            client.send("GET /p HTTP/1.1\r\nHost: x\r\n\r\n" * 50)
        for client in clients:
            for _ in range(50):
                client.read()
        quiet = self.client(server)                   # connections without a request have no line
        quiet.shut()
        quiet.expect_end()
        time.sleep(seconds(1.2))
        self.assertEqual(len(self.wait_lines(path, 500)), 500)

    def test_lines_of_several_workers_never_mix(self):
        server, path = self.logged("--workers", "4", kind="hello")

        def ask(tag):
            client = self.client(server)
            for _ in range(100):
                client.ask(f"/{tag * 100}")
        threads = [threading.Thread(target=ask, args=(c,)) for c in "abcdefgh"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        requests = [m["request"] for m in self.wait_lines(path, 800)]
        for tag in b"abcdefgh":
            self.assertEqual(requests.count(b"GET /" + bytes([tag]) * 100 + b" HTTP/1.1"), 100)

    @quick
    def test_lines_are_there_after_the_end(self):
        server, path = self.logged()
        self.client(server).ask("/a.txt")
        server.stop()
        self.wait_lines(path, 1)

    def test_a_log_is_appended_to(self):
        path = scratch_path("access.log")
        with open(path, "wb") as f:
            f.write(b"from before\n")
        server = self.server("hello", "--access-log", path)
        self.assert_serves(server)
        server.stop()
        lines = lines_of(path)
        self.assertEqual((len(lines), lines[0]), (2, b"from before"))

    @quick
    def test_a_new_log_is_not_readable_by_everybody(self):
        _, path = self.logged()
        self.assertEqual(os.stat(path).st_mode & 0o007, 0)

    @quick
    def test_sighup_reopens_the_log(self):
        server, path = self.logged()
        client = self.client(server)
        client.ask("/a.txt?before")
        os.rename(path, path + ".1")
        server.signal(signal.SIGHUP)
        wait_until(lambda: os.path.exists(path), 2, "the new file")
        client.ask("/a.txt?after")
        server.stop()
        lines = {name: [LINE.fullmatch(line)["request"] for line in lines_of(name)] for name in (path, path + ".1")}
        self.assertEqual(sorted(lines[path] + lines[path + ".1"]), [b"GET /a.txt?after HTTP/1.1", b"GET /a.txt?before HTTP/1.1"])
        self.assertIn(b"GET /a.txt?after HTTP/1.1", lines[path])

    def test_a_log_renamed_after_its_lines_were_written_keeps_them(self):
        server, path = self.logged()
        client = self.client(server)
        client.ask("/a.txt?before")
        self.wait_lines(path, 1)
        os.rename(path, path + ".1")
        server.signal(signal.SIGHUP)
        wait_until(lambda: os.path.exists(path), 2, "the new file")
        client.ask("/a.txt?after")
        self.assertEqual([m["request"] for m in self.wait_lines(path, 1)], [b"GET /a.txt?after HTTP/1.1"])
        self.assertEqual([m["request"] for m in self.wait_lines(path + ".1", 1)], [b"GET /a.txt?before HTTP/1.1"])

    def test_a_log_that_cannot_be_reopened_stays_in_use(self):
        folder = scratch_path("logs")
        os.mkdir(folder)
        path = os.path.join(folder, "log")
        server = self.server("hello", "--access-log", path)
        os.rename(folder, folder + ".moved")
        server.signal(signal.SIGHUP)
        time.sleep(0.1)
        self.assert_serves(server)
        self.wait_lines(os.path.join(folder + ".moved", "log"), 1)
        self.assertEqual(server.errors().count("\n"), 1, server.errors())

    @quick
    def test_a_full_disk_stops_nothing(self):
        server = self.server("hello", "--access-log", "/dev/full")
        client = self.client(server)
        for _ in range(300):
            self.assertEqual(client.ask("/" + "x" * 500).status, 200)
        time.sleep(seconds(1.1))
        self.assertEqual(client.ask().status, 200)
        self.assertLessEqual(server.errors().count("\n"), 3, server.errors()[:500])

    def piped(self):
        """A server whose standard output is a pipe with the log on it; (server, the reading end)."""
        reading, writing = os.pipe()
        server = Server("hello", "--access-log", "-", stdout=writing)
        os.close(writing)
        self.addCleanup(self._stop, server)
        server.take_line(self.read_line(reading))
        server.wait_ready()
        return server, reading

    def read_line(self, fd):
        line = b""
        while not line.endswith(b"\n"):
            self.assertTrue(select.select([fd], [], [], seconds(5))[0], f"no line, only {line}")
            byte = os.read(fd, 1)
            self.assertTrue(byte, f"the end after {line}")
            line += byte
        return line.decode("latin-1").rstrip("\r\n")

    @quick
    def test_a_closed_pipe_stops_nothing(self):
        server, reading = self.piped()
        os.close(reading)
        client = self.client(server)
        for _ in range(300):
            self.assertEqual(client.ask("/" + "x" * 500).status, 200)
        time.sleep(seconds(1.1))
        self.assertEqual(client.ask().status, 200)

    def test_a_pipe_that_nobody_reads_stops_nothing(self):
        server, reading = self.piped()
        try:
            client = self.client(server)
            for _ in range(600):                      # some 360,000 bytes, and a pipe takes 65,536
                self.assertEqual(client.ask("/" + "x" * 500).status, 200)
            time.sleep(seconds(1.1))
            self.assertEqual(client.ask().status, 200)
        finally:
            os.close(reading)

    @quick
    def test_the_log_on_standard_output_is_whole(self):
        server, reading = self.piped()
        self.assert_serves(server)
        self.assertRegex(self.read_line(reading), r'^127\.0\.0\.1 - - \[.*\] "GET / HTTP/1\.1" 200 13 "-" "-"$')
        os.close(reading)

    @quick
    def test_without_a_terminal_there_is_no_log(self):
        server = self.server("hello")
        self.assert_serves(server)
        time.sleep(seconds(1.2))
        self.assertEqual(len(server.lines), 1, server.lines)

    @quick
    def test_on_a_terminal_there_is_a_log_unless_it_is_off(self):
        if not os.path.exists("/dev/ptmx"):
            self.skipTest("no terminals on this machine")
        for args, logs in (((), True), (("--access-log", "off"), False)):
            ours, theirs = pty.openpty()
            server = Server("hello", *args, stdout=theirs)
            os.close(theirs)
            self.addCleanup(self._stop, server)
            server.take_line(self.read_line(ours))
            server.wait_ready()
            self.assert_serves(server)
            if logs:
                self.assertRegex(self.read_line(ours), r'"GET / HTTP/1\.1" 200 13')
            else:
                self.assertEqual(select.select([ours], [], [], seconds(1.3))[0], [])
            server.stop()
            os.close(ours)

    def test_peers_of_other_families_have_their_name(self):
        if not has_ipv6():
            self.skipTest("no ::1 on this machine")
        path, sock = scratch_path("access.log"), scratch_path("sock")
        server = self.server("hello", "--access-log", path, listen=["[::1]:0", f"unix:{sock}"])
        self.client(server.address(0)).ask()
        self.client(server.address(1)).ask()
        server.stop()
        self.assertEqual(sorted(m["host"] for m in self.wait_lines(path, 2)), [b"::1", b"unix"])

    def test_a_download_that_is_cut_off_is_logged_with_what_left(self):
        server, path = self.logged()
        client = self.client(server, receive_buffer=8192)
        client.send("GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n")
        client.receive(1000)
        time.sleep(0.1)
        client.reset()
        match = self.wait_lines(path, 1)[0]
        self.assertEqual(match["request"], b"GET /big.bin HTTP/1.1")
        self.assertLess(int(match["bytes"]), 32 << 20)
