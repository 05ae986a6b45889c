"""Start, listeners, signals, the drain."""

import os
import signal
import threading
import time

from support import (BIG_SIZE, E2E, Client, Paused, Server, curl, free_port, has_ipv6, limit, quick, running, scratch_path, seconds, site,
                     wait_until)

GET = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"


@quick
class Listening(E2E):
    def test_the_ready_line_names_the_folder_and_the_real_port(self):
        server = self.server("serve", site())
        self.assertEqual(len(server.lines), 1)
        self.assertRegex(server.lines[0], r"^weir: serving .+ on http://127\.0\.0\.1:[1-9]\d*/$")
        self.assertIn(site(), server.lines[0])
        server = self.server("hello")
        self.assertRegex(server.lines[0], r"^weir: hello on http://127\.0\.0\.1:[1-9]\d*/$")

    def test_several_addresses_have_a_line_each_and_all_answer(self):
        path = scratch_path("sock")
        listen = ["127.0.0.1:0", "127.0.0.2:0", f"unix:{path}"] + (["[::1]:0"] if has_ipv6() else [])
        server = self.server("hello", listen=listen)
        self.assertEqual(len(server.addresses), len(listen))
        for index in range(len(listen)):
            self.assertEqual(self.client(server.address(index)).ask().body, b"Hello, world!", listen[index])

    def test_ipv6_answers(self):
        if not has_ipv6():
            self.skipTest("no ::1 on this machine")
        server = self.server("hello", listen=["[::1]:0"])
        self.assertRegex(server.addresses[0], r"^http://\[::1\]:\d+/$")
        self.assertEqual(curl("-g", server.addresses[0]), b"Hello, world!")

    def test_a_colon_and_a_port_listen_on_both_families(self):
        port = free_port()
        server = self.server("hello", listen=[f":{port}"])
        self.assertEqual(self.client(("127.0.0.1", port)).ask().status, 200)
        if has_ipv6():
            self.assertEqual(self.client(("::1", port)).ask().status, 200)
        server.stop()

    def test_a_unix_socket_answers_curl_and_can_be_used_again_after_the_end(self):
        path = scratch_path("sock")
        for _ in range(2):
            server = self.server("hello", listen=[f"unix:{path}"])
            self.assertEqual(server.addresses, [f"unix:{path}"])
            self.assertEqual(curl("--unix-socket", path, "http://x/"), b"Hello, world!")
            server.stop()

    def test_a_unix_socket_serves_large_files_too(self):
        path = scratch_path("sock")
        server = self.server("serve", site(), listen=[f"unix:{path}"])
        count = 0

        def take(data):
            nonlocal count
            count += len(data)
        client = self.client(server, timeout=20)
        client.send("GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n")
        client.read(on_data=take)
        self.assertEqual(count, BIG_SIZE)


class Draining(E2E):
    def start(self, *args, kind="hello"):
        return self.server(*((kind, site()) if kind == "serve" else (kind,)), "--drain-timeout", limit(5), "--linger-timeout", limit(0.5),
                           *args)

    @quick
    def test_sigterm_and_sigint_end_an_idle_server_with_status_0_at_once(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            server = self.start()
            clients = [self.client(server) for _ in range(5)]
            for client in clients:
                self.assertEqual(client.ask().status, 200)
            start = time.monotonic()
            server.signal(number)
            for client in clients:
                client.expect_end()
            self.assertEqual(server.wait(), 0)
            self.assertLess(time.monotonic() - start, seconds(2))

    @quick
    def test_an_exchange_in_flight_is_finished_and_told_to_close(self):
        server = self.start()
        client, idle = self.client(server), self.client(server)
        self.assertEqual(idle.ask().status, 200)
        client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nabc")
        time.sleep(seconds(0.2))
        server.signal(signal.SIGTERM)
        idle.expect_end()
        wait_until(lambda: self.is_refused(server), 2, "new connections refused while it drains")
        client.send("def" + GET)
        response = client.read()
        self.assertEqual((response.status, response.closes), (200, True))
        client.expect_end()
        client.close()
        self.assertEqual(server.wait(), 0)

    def is_refused(self, server):
        try:
            Client(server, timeout=1).close()
        except (ConnectionRefusedError, ConnectionResetError):
            return True
        return False

    @quick
    def test_a_head_that_has_begun_is_finished(self):
        server = self.start()
        client = self.client(server)
        client.send("GET / HTTP/1.1\r\nHo")
        time.sleep(seconds(0.2))
        server.signal(signal.SIGINT)
        time.sleep(seconds(0.2))
        client.send("st: x\r\n\r\n")
        response = client.read()
        self.assertEqual((response.status, response.closes), (200, True))
        client.close()
        self.assertEqual(server.wait(), 0)

    def test_a_download_in_flight_is_finished(self):
        server = self.start(kind="serve")
        client = self.client(server, receive_buffer=65536, timeout=20)
        client.send("GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(seconds(0.2))
        server.signal(signal.SIGTERM)
        time.sleep(seconds(0.2))
        count = 0

        def take(data):
            nonlocal count
            count += len(data)
        client.read(on_data=take)
        self.assertEqual(count, BIG_SIZE)
        client.expect_end()
        client.close()
        self.assertEqual(server.wait(), 0)

    def test_the_drain_lasts_no_longer_than_drain_timeout(self):
        server = self.start("--drain-timeout", limit(1), kind="serve")
        deaf, half = self.client(server, receive_buffer=8192), self.client(server)
        deaf.send("GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n")
        half.send("GET / HTT")
        time.sleep(seconds(0.2))
        start = time.monotonic()
        server.signal(signal.SIGTERM)
        self.assertEqual(server.wait(), 0)
        spent = time.monotonic() - start
        self.assertTrue(seconds(0.8) <= spent <= seconds(3), spent)

    @quick
    def test_a_second_signal_ends_it_at_once(self):
        for first, second in ((signal.SIGTERM, signal.SIGTERM), (signal.SIGINT, signal.SIGTERM)):
            server = self.start()
            client = self.client(server)
            client.send("GET / HTT")
            time.sleep(seconds(0.2))
            server.signal(first)
            time.sleep(seconds(0.3))
            self.assertIsNone(server.process.poll(), "the drain did not wait for a request that had begun")
            start = time.monotonic()
            server.signal(second)
            server.wait()
            self.assertLess(time.monotonic() - start, seconds(1))

    def test_a_drain_under_load_answers_every_request_that_it_took(self):
        server = self.start("--workers", "2")
        wrong, answered = [], []

        def load():
            try:
                while True:
                    client = Client(server)
                    for _ in range(50):
                        answered.append(client.ask().status)
                    client.close()
            except (ConnectionError, BrokenPipeError):
                pass
            except Exception as error:
                if type(error).__name__ != "Truncated" or str(error).find("b''") < 0:    # ended between two requests is right
                    wrong.append(repr(error))
        threads = [threading.Thread(target=load) for _ in range(8)]
        for thread in threads:
            thread.start()
        time.sleep(0.5)
        server.signal(signal.SIGTERM)
        self.assertEqual(server.wait(), 0)
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])
        self.assertGreater(len(answered), 100)

    def test_the_listening_port_is_free_again_at_once(self):
        server = self.start()
        client = self.client(server)
        client.ask(fields="Connection: close\r\n")
        port = server.port
        server.stop()
        again = self.server("hello", listen=[f"127.0.0.1:{port}"])
        self.assert_serves(again)


@quick
class Signals(E2E):
    def test_sigpipe_never_kills(self):
        server = self.server("serve", site())
        server.signal(signal.SIGPIPE)
        for _ in range(10):
            client = self.client(server, receive_buffer=4096)
            client.send("GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n" * 2)
            client.receive(100)
            client.reset()
        self.assert_serves(server, "/a.txt")

    def test_sighup_without_a_log_harms_nothing(self):
        server = self.server("hello")
        for _ in range(3):
            server.signal(signal.SIGHUP)
            time.sleep(0.05)
        self.assert_serves(server)

    def test_a_stopped_and_continued_server_goes_on(self):
        server = self.server("hello")
        client = self.client(server)
        client.ask()
        with Paused(server):
            client.send(GET)
            client.expect_silence(0.1)
        self.assertEqual(client.read().status, 200)

    def test_sigkill_leaves_a_unix_socket_that_the_next_start_takes_over(self):
        path = scratch_path("sock")
        server = Server("hello", listen=[f"unix:{path}"])
        server.process.kill()
        server.process.wait()
        running.discard(server)
        self.assertTrue(os.path.exists(path))
        self.assert_serves(self.server("hello", listen=[f"unix:{path}"]))
