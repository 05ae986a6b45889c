"""Several workers under load: every answer is right, and is for the one that asked."""

import os
import random
import threading
import time

from support import ALPHA, Client, E2E, limit, quick, site, wait_until


class Load(E2E):
    SPAN = 4.0

    def good_client(self, server, seed, stop, wrong):
        """Asks for what it can tell from all others: its own target comes back in a redirection's query."""
        chance = random.Random(seed)
        try:
            while not stop.is_set():
                client = Client(server, timeout=10)
                for turn in range(chance.randrange(1, 30)):
                    kind = chance.randrange(5)
                    if kind == 0:
                        tag = f"{seed}-{turn}-{chance.random()}"
                        location = client.ask(f"/sub?{tag}").field("location")
                        if location != f"/sub/?{tag}":
                            wrong.append(f"asked with {tag}, got {location}")
                    elif kind == 1:
                        if client.ask("/a.txt").body != ALPHA:
                            wrong.append("another file than /a.txt")
                    elif kind == 2:
                        count = chance.randrange(2, 40)
                        client.send("".join(f"GET /sub?{seed}-{i} HTTP/1.1\r\nHost: x\r\n\r\n" for i in range(count)))
                        for i in range(count):
                            location = client.read().field("location")
                            if location != f"/sub/?{seed}-{i}":
                                wrong.append(f"pipelined {seed}-{i}, got {location}")
                    elif kind == 3:
                        if len(client.ask("/1m.bin").body) != 1 << 20:
                            wrong.append("/1m.bin with another length")
                    else:
                        if client.ask("/nowhere", method="HEAD").status != 404:
                            wrong.append("/nowhere is there")
                client.close()
        except Exception as error:
            wrong.append(f"client {seed}: {error!r}")

    def bad_client(self, server, seed, stop):
        chance = random.Random(seed)
        parts = ("", "G", "GET / HT", "bad\r\n\r\n", "GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n",
                 "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\nabc",
                 "GET /1m.bin HTTP/1.1\r\nHost: x\r\n\r\n" * 20, "\x00" * 100,
                 "GET /a.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        while not stop.is_set():
            try:
                client = Client(server, timeout=5)
                client.send(chance.choice(parts))
                if chance.random() < 0.5:
                    time.sleep(chance.random() / 50)
                if chance.random() < 0.3:
                    client.shut()
                client.reset() if chance.random() < 0.5 else client.close()
            except OSError:
                pass

    def load(self, server, span):
        stop, wrong = threading.Event(), []
        threads = [threading.Thread(target=self.good_client, args=(server, i, stop, wrong)) for i in range(8)]
        threads += [threading.Thread(target=self.bad_client, args=(server, 100 + i, stop)) for i in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(span)
        stop.set()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong[:5], [])

    def test_eight_workers_answer_a_mixed_crowd_rightly(self):
        server = self.server("serve", site(), "--workers", "8", "--linger-timeout", limit(0.3), "--access-log", "/dev/null")
        self.load(server, self.SPAN)
        self.assert_serves(server, "/a.txt")

    @quick
    def test_one_worker_answers_a_mixed_crowd_rightly(self):
        server = self.server("serve", site(), "--workers", "1", "--linger-timeout", limit(0.3))
        self.load(server, 1.5)
        self.assert_serves(server, "/a.txt")

    @quick
    def test_eight_workers_start_and_end_a_hundred_connections_each(self):
        server = self.server("hello", "--workers", "8")
        for _ in range(100):
            clients = [Client(server) for _ in range(8)]
            for client in clients:
                self.assertTrue(client.ask(fields="Connection: close\r\n").closes)
                client.expect_end()
                client.close()

    def test_connections_spread_over_the_workers(self):
        server = self.server("hello", "--workers", "4")
        clients = [self.client(server) for _ in range(64)]
        for client in clients:
            client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        for client in clients:
            self.assertEqual(client.read().status, 200)
        before = self.switches_by_task(server)
        for _ in range(5):
            for client in clients:
                client.ask()
        after = self.switches_by_task(server)
        busy = [task for task, count in after.items() if count - before.get(task, 0) > 20]
        self.assertGreaterEqual(len(busy), 3, (before, after))

    def test_each_pinned_worker_keeps_to_one_cpu_and_all_take_turns(self):
        cpus = sorted(os.sched_getaffinity(0))
        if len(cpus) == 1:
            self.skipTest("with one CPU all threads keep to it")
        server = self.server("hello", "--workers", "5", "--pin-workers")
        wanted = sorted([cpus[i % len(cpus)]] for i in range(5))
        wait_until(lambda: sorted(allowed for allowed in self.cpus_by_task(server).values() if len(allowed) == 1) == wanted, 5,
                   f"threads of which each may use one CPU, together {wanted}")
        self.assert_serves(server)

    def test_workers_that_are_not_pinned_may_use_every_cpu(self):
        server = self.server("hello", "--workers", "3")
        wait_until(lambda: len(self.cpus_by_task(server)) >= 5, 5, "the main thread, one for signals, and three workers")
        self.assertEqual([cpus for cpus in self.cpus_by_task(server).values() if cpus != sorted(os.sched_getaffinity(0))], [])

    def test_by_default_there_is_a_worker_for_each_cpu_that_the_process_may_use(self):
        cpus = sorted(os.sched_getaffinity(0))
        for count in {1, len(cpus)}:
            server = self.server("hello", before=("taskset", "--cpu-list", ",".join(map(str, cpus[:count]))))
            self.assertEqual(server.socket_states().count("LISTEN"), count)        # each worker has a listener of its own

    def cpus_by_task(self, server):
        return {task: sorted(os.sched_getaffinity(int(task))) for task in os.listdir(f"/proc/{server.pid}/task")}

    def switches_by_task(self, server):
        counts = {}
        for task in os.listdir(f"/proc/{server.pid}/task"):
            with open(f"/proc/{server.pid}/task/{task}/status", encoding="ascii", errors="replace") as f:
                counts[task] = sum(int(line.split()[1]) for line in f if line.startswith("voluntary_ctxt"))
        return counts
