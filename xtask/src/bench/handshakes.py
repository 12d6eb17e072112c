# Sessions with a server, one after the other: python3 - PORT COUNT KIND [PROCESSES]
#   clear | full | resumed: greeting and QUIT, with TLS before the greeting in the second and third kind
#   starttls-full | starttls-resumed: EHLO, STARTTLS, EHLO, QUIT; PROCESSES is a file that lists the server's processes
# Prints how many were resumed; for the last two kinds then, a line each, the nanoseconds that the server's tasks used
# from the answer to the first EHLO to the answer to the second.
# Group and cipher are set by OPENSSL_CONF; nobody verifies anything.
import os, socket, ssl, sys

port, count, kind = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE


def answer(link, code):
    said = b""
    while not (said.endswith(b"\r\n") and said.splitlines()[-1].startswith(code + b" ")):
        more = link.recv(4096)
        assert more, (code, said)
        said += more


def secure(link, ticket):
    link = context.wrap_socket(link, server_hostname="bench.example", session=ticket)
    used = (link.version(), link.cipher()[0])
    assert used == ("TLSv1.3", "TLS_AES_256_GCM_SHA384"), used
    return link


def tasks():
    """State and nanoseconds on a processor of each task, by its folder."""
    found = {}
    for pid in open(sys.argv[4]).read().split():
        for task in os.listdir(f"/proc/{pid}/task"):
            folder = f"/proc/{pid}/task/{task}"
            state = open(f"{folder}/stat").read().rpartition(")")[2].split()[0]
            found[folder] = (state, int(open(f"{folder}/schedstat").read().split()[0]))
    return found


def when_asleep():
    """The same, once all of them sleep and nothing has changed meanwhile: a task that runs is not yet accounted for."""
    before = None
    while True:
        try:
            now = tasks()
        except (FileNotFoundError, ProcessLookupError):  # a task has just ended
            continue
        if now == before and all(state == "S" for state, _ in now.values()):
            return {folder: used for folder, (_, used) in now.items()}
        before = now


def session(ticket):
    link = socket.create_connection(("127.0.0.1", port), 20)
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if kind in ("full", "resumed"):
        link = secure(link, ticket)
    # Tickets of TLS 1.3 come with the first octets that are read.
    answer(link, b"220")
    price = None
    if kind.startswith("starttls-"):
        link.sendall(b"EHLO client.example\r\n")
        answer(link, b"250")
        before = when_asleep()
        link.sendall(b"STARTTLS\r\n")
        answer(link, b"220")
        link = secure(link, ticket)
        link.sendall(b"EHLO client.example\r\n")
        answer(link, b"250")
        after = when_asleep()
        # Where a task has ended meanwhile, it is not known what it did.
        if before.keys() <= after.keys():
            price = sum(after.values()) - sum(before.values())
    link.sendall(b"QUIT\r\n")
    answer(link, b"221")
    seen = (link.session_reused, link.session) if kind != "clear" else (False, None)
    link.close()
    return *seen, price


ticket, resumed, prices, done = None, 0, [], 0
while done < count:
    first = kind == "starttls-resumed" and ticket is None
    again, new, price = session(ticket if kind.endswith("resumed") else None)
    ticket = new or ticket
    if first or (price is None and kind.startswith("starttls-")):
        continue
    done += 1
    resumed += again
    prices += [] if price is None else [price]
print(resumed, *prices, sep="\n")
