# Sessions with a server, one after the other: python3 - PORT COUNT full|resumed|clear
# Prints how many were resumed. Group and cipher are set by OPENSSL_CONF; nobody verifies anything.
import socket, ssl, sys

port, count, kind = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE


def session(ticket):
    link = socket.create_connection(("127.0.0.1", port), 20)
    if kind != "clear":
        link = context.wrap_socket(link, server_hostname="bench.example", session=ticket)
    # Tickets of TLS 1.3 come with the first octets that are read.
    assert link.recv(4096).startswith(b"220 "), "no greeting"
    link.sendall(b"QUIT\r\n")
    assert link.recv(4096).startswith(b"221 "), "no goodbye"
    seen = (link.session_reused, link.session) if kind != "clear" else (False, None)
    if kind != "clear":
        used = (link.version(), link.cipher()[0])
        assert used == ("TLSv1.3", "TLS_AES_256_GCM_SHA384"), used
    link.close()
    return seen


ticket, resumed = None, 0
for number in range(count):
    again, new = session(ticket if kind == "resumed" else None)
    resumed += again
    ticket = new or ticket
print(resumed)
