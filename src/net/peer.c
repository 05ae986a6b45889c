#include "net/peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

struct weir_peer peer_of(const struct sockaddr_storage *address)
{
    struct weir_peer peer = { .family = WEIR_UNIX };
    if (address->ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
        peer.family = WEIR_IPV4;
        peer.port = ntohs(v4->sin_port);
        memcpy(peer.address, &v4->sin_addr, sizeof v4->sin_addr);
    } else if (address->ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
        const bool mapped = IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr);
        peer.family = mapped ? WEIR_IPV4 : WEIR_IPV6;
        peer.port = ntohs(v6->sin6_port);
        memcpy(peer.address, v6->sin6_addr.s6_addr + (mapped ? 12 : 0), mapped ? 4 : 16);
    }
    return peer;
}

size_t weir_peer_text(const struct weir_peer *peer, char text[WEIR_PEER_TEXT_SIZE])
{
    if (peer->family == WEIR_UNIX) {
        memcpy(text, "unix", sizeof "unix");
        return sizeof "unix" - 1;
    }
    /* It fails only where the room is too small. */
    const char *written = inet_ntop(peer->family == WEIR_IPV4 ? AF_INET : AF_INET6, peer->address, text, WEIR_PEER_TEXT_SIZE);
    return written == NULL ? 0 : strlen(text);
}
