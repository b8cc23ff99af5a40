/* The limit: what fanning out costs when there is nothing but a loop of send() over the sockets.

   It takes the load generator's handshake at its word (no token is checked, no frame but the expected ones is
   understood) and answers each chat message with one prepared frame to everybody, whatever room they named. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "frames.h"

enum { MAX_SOCKETS = 20000, EVENTS = 256, BUFFER_BYTES = 1 << 16 };

static int sockets[MAX_SOCKETS], socket_count;
static char buffer[BUFFER_BYTES + 1], chat[512];
static size_t chat_length, digits_at;

static const char UPGRADED[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
static const char OPEN[] = "0{\"sid\":\"1\",\"upgrades\":[],\"pingInterval\":3600000,\"pingTimeout\":3600000,\"maxPayload\":65536}";
static const char CHAT[] = "42[\"chat:new\",{\"id\":\"1234567\",\"userId\":\"17\",\"username\":\"member17\",\"message\":"
                           "\"~000000 what a lovely stream\",\"type\":\"public\",\"timestamp\":"
                           "\"2025-01-01T00:00:00.000Z\",\"userAvatar\":null}]";

static void send_text(int fd, const char *text) {
    char out[512];
    size_t length = strlen(text);
    size_t header = frame_header(out, OPCODE_TEXT, length, 0);
    memcpy(out + header, text, length);
    if (send(fd, out, header + length, MSG_NOSIGNAL) < 0) die("send", strerror(errno));
}

static void fan_out(const char *digits) {
    memcpy(chat + digits_at, digits, 6);
    for (int i = 0; i < socket_count; i++)
        if (send(sockets[i], chat, chat_length, MSG_NOSIGNAL) < 0) die("send", strerror(errno));
}

static void acknowledge(int fd, const char *text) {
    char ack[64];
    snprintf(ack, sizeof ack, "43%ld[{\"ok\":true}]", strtol(text + 2, NULL, 10));
    send_text(fd, ack);
}

static void on_frame(int fd, const struct frame *frame) {
    if (starts_with(frame, "40", 2)) return send_text(fd, "40{\"sid\":\"1\"}");
    if (!starts_with(frame, "42", 2)) return;
    const char *mark = memchr(frame->text, '~', frame->length);
    if (mark)
        fan_out(mark + 1);
    else
        sockets[socket_count++] = fd;
    acknowledge(fd, frame->text);
}

static void leave(int fd) {
    for (int i = 0; i < socket_count; i++)
        if (sockets[i] == fd) sockets[i--] = sockets[--socket_count];
    close(fd);
}

/* The load generator sends small frames one at a time, so a read never ends within one. */
static void on_readable(int fd) {
    ssize_t count = recv(fd, buffer, BUFFER_BYTES, MSG_DONTWAIT);
    if (count <= 0) return leave(fd);
    buffer[count] = 0;
    if (!memcmp(buffer, "GET ", 4)) {
        if (send(fd, UPGRADED, sizeof UPGRADED - 1, MSG_NOSIGNAL) < 0) die("send", strerror(errno));
        return send_text(fd, OPEN);
    }
    struct frame frame;
    for (size_t used = 0, taken; (taken = frame_read(buffer + used, (size_t)count - used, &frame)); used += taken)
        on_frame(fd, &frame);
}

static void prepare_chat(void) {
    size_t header = frame_header(chat, OPCODE_TEXT, sizeof CHAT - 1, 0);
    memcpy(chat + header, CHAT, sizeof CHAT);
    chat_length = header + sizeof CHAT - 1;
    digits_at = header + (size_t)(strchr(CHAT, '~') - CHAT) + 1;
}

static int listen_on(int port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 4096) < 0)
        die("listen", strerror(errno));
    return fd;
}

static void watch(int epoll_fd, int fd) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0) die("epoll_ctl", strerror(errno));
}

int main(int argc, char **argv) {
    if (argc != 2) die("usage", "send_loop PORT");
    prepare_chat();
    int listener = listen_on(atoi(argv[1])), epoll_fd = epoll_create1(EPOLL_CLOEXEC), on = 1;
    watch(epoll_fd, listener);
    for (;;) {
        struct epoll_event events[EVENTS];
        int count = epoll_wait(epoll_fd, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            if (events[i].data.fd != listener) {
                on_readable(events[i].data.fd);
                continue;
            }
            int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
            if (fd < 0) die("accept", strerror(errno));
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            watch(epoll_fd, fd);
        }
    }
}
