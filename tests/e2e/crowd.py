"""Many clients in a process of their own, with their own limit of descriptors:

    crowd.py HOST PORT COUNT

opens COUNT connections from several loopback addresses, asks each once, says "open N", and then obeys lines on its standard input: "ask"
(each connection asks again: "answered N"), "alive" ("alive N": how many the server has not ended), "reset" (all vanish: "reset")."""

import resource
import select
import socket
import struct
import subprocess
import sys

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
BATCH = 100


class Crowd:
    """The process, from the side of a test."""

    def __init__(self, address, count):
        self.process = subprocess.Popen([sys.executable, __file__, address[0], str(address[1]), str(count)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.count = self.answer("open")

    def answer(self, word):
        line = self.process.stdout.readline()
        assert line.startswith(word), f"the crowd said {line!r} instead of {word}"
        return int(line.split()[1]) if " " in line else None

    def tell(self, word, expected):
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()
        return self.answer(expected)

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(30)


def is_answer(data):
    return data.startswith(b"HTTP/1.1 200") and data.endswith(b"\r\n\r\nHello, world!")


def ask(sockets):
    answered = 0
    for start in range(0, len(sockets), BATCH):
        batch = sockets[start:start + BATCH]
        for s in batch:
            s.sendall(REQUEST)
        for s in batch:
            answered += is_answer(s.recv(4096))
    return answered


def main():
    host, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    resource.setrlimit(resource.RLIMIT_NOFILE, (count + 50, count + 50))
    sockets = []
    answered = 0
    while len(sockets) < count:
        batch = []
        for i in range(min(BATCH, count - len(sockets))):
            s = socket.socket()
            s.settimeout(20)
            s.bind((f"127.0.0.{2 + i % 50}", 0))
            s.connect((host, port))
            batch.append(s)
        answered += ask(batch)
        sockets += batch
    print("open", answered, flush=True)
    for line in sys.stdin:
        word = line.strip()
        if word == "ask":
            print("answered", ask(sockets), flush=True)
        elif word == "alive":
            poll = select.poll()
            for s in sockets:
                poll.register(s, select.POLLIN)
            print("alive", len(sockets) - len(poll.poll(0)), flush=True)
        elif word == "reset":
            for s in sockets:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                s.close()
            print("reset", flush=True)


if __name__ == "__main__":
    main()
