/* The load generator: thousands of viewers for the price of one.

   It speaks the wire by hand (a real client a connection would cost more than the servers measured) and looks
   into a frame only as far as it must: is it a `chat:new`, and of which message? It is driven by lines on stdin
   and answers each with one JSON object on stdout, so that one set of connections serves many rounds:

       connect COUNT AT_ONCE                     open, authenticate and join COUNT more members
       run closed IN_FLIGHT SECONDS SENDERS C    the next message is sent when one is complete
       run open PER_SECOND SECONDS SENDERS C     messages are sent on a schedule, however slow the server
       close                                     leave with every member

   A message is complete when C holds: `delivered` to every member of its room, or `acked` to its sender.
   Latency is counted from the time a message was due, so a stalled sender hides nothing. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "frames.h"
#include "histogram.h"

enum {
    MAX_CONNECTIONS = 20000,
    MAX_ROOMS = 4096,
    MESSAGES = 1000000, /* six digits name a message */
    READ_BYTES = 1 << 16,
    BUFFER_BYTES = 1 << 21,
    EVENTS = 256,
    SOURCE_ADDRESSES = 16, /* 127.0.0.1 to .16: no single address runs out of ports */
    STALL_SECONDS = 30,
};

enum stage { CLOSED, CONNECTING, UPGRADING, OPENING, AUTHENTICATING, JOINING, JOINED };

struct connection {
    int fd;
    enum stage stage;
    uint32_t index;
    uint32_t room;
    uint64_t started;
    char *tail; /* bytes read of a frame that is not complete yet */
    size_t tail_length;
    char *unsent; /* bytes the socket would not take yet */
    size_t unsent_length;
};

struct message {
    uint64_t due;
    uint32_t sender;
    uint32_t missing; /* deliveries */
    bool unacked;
};

/* What differs between Socket.IO and plain JSON frames over a WebSocket. */
struct wire {
    const char *path;
    const char *authenticate, *authenticated;
    const char *join, *chat, *gift, *delivery;
};

static const struct wire SOCKETIO = {
    .path = "/socket.io/?EIO=4&transport=websocket",
    .authenticate = "40{\"token\":\"%s\"}",
    .authenticated = "40{",
    .join = "420[\"stream:join\",{\"streamId\":\"%s\"}]",
    .chat = "42%u[\"chat:new\",{\"streamId\":\"%s\",\"message\":\"~%06u what a lovely stream\","
            "\"type\":\"public\"}]",
    .gift = "42%u[\"gift:sent\",{\"streamId\":\"%s\",\"giftId\":\"rose\",\"quantity\":1}]",
    .delivery = "42[\"chat:new\"",
};

static const struct wire PLAIN = {
    .path = "/ws/",
    .authenticate = "{\"event\":\"auth\",\"data\":{\"token\":\"%s\"}}",
    .authenticated = "{\"event\":\"session:ready\"",
    .join = "{\"event\":\"stream:join\",\"data\":{\"streamId\":\"%s\"},\"ref\":\"0\"}",
    .chat = "{\"ref\":\"%u\",\"event\":\"chat:new\",\"data\":{\"streamId\":\"%s\",\"message\":"
            "\"~%06u what a lovely stream\",\"type\":\"public\"}}",
    .gift = "{\"ref\":\"%u\",\"event\":\"gift:sent\",\"data\":{\"streamId\":\"%s\",\"giftId\":\"rose\","
            "\"quantity\":1}}",
    .delivery = "{\"event\":\"chat:new\"",
};

static const struct wire *wire = &SOCKETIO;
static size_t delivery_length, authenticated_length;
static int port, epoll_fd, timer_fd;
static char **tokens, *streams[MAX_ROOMS];
static uint32_t token_count, room_count, members[MAX_ROOMS];
static struct connection connections[MAX_CONNECTIONS];
static uint32_t connection_count, joined_count;
static char buffer[BUFFER_BYTES];
static uint64_t now, last_progress;

static struct message messages[MESSAGES];
static uint32_t next_message;
static struct {
    bool until_acked, gifts, sending;
    uint64_t sent, complete, deliveries, acks, refused, bytes;
    uint64_t outstanding; /* deliveries and acks still expected */
    struct histogram delivery, ack;
} run;

static uint64_t clock_now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static double cpu_seconds(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* --- Writing ------------------------------------------------------------------------------------------ */

static void watch(struct connection *c, int operation, uint32_t events) {
    struct epoll_event event = {.events = events, .data.u32 = c->index};
    if (epoll_ctl(epoll_fd, operation, c->fd, &event) < 0) die("epoll_ctl", strerror(errno));
}

static size_t send_some(struct connection *c, const char *bytes, size_t length) {
    ssize_t sent = send(c->fd, bytes, length, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) die("send", strerror(errno));
    return sent < 0 ? 0 : (size_t)sent;
}

static void write_bytes(struct connection *c, const char *bytes, size_t length) {
    size_t sent = c->unsent_length ? 0 : send_some(c, bytes, length);
    if (sent == length) return;
    if (!c->unsent_length) watch(c, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
    c->unsent = realloc(c->unsent, c->unsent_length + length - sent);
    memcpy(c->unsent + c->unsent_length, bytes + sent, length - sent);
    c->unsent_length += length - sent;
}

static void write_unsent(struct connection *c) {
    size_t sent = send_some(c, c->unsent, c->unsent_length);
    c->unsent_length -= sent;
    memmove(c->unsent, c->unsent + sent, c->unsent_length);
    if (!c->unsent_length) watch(c, EPOLL_CTL_MOD, EPOLLIN);
}

static void write_frame(struct connection *c, int opcode, const char *text, size_t length) {
    char out[4096];
    size_t header = frame_header(out, opcode, length, 1);
    if (header + length > sizeof out) die("frame", "too long to send");
    memcpy(out + header, text, length);
    write_bytes(c, out, header + length);
}

static void write_text(struct connection *c, const char *text) { write_frame(c, OPCODE_TEXT, text, strlen(text)); }

/* --- Messages ----------------------------------------------------------------------------------------- */

static void send_message(uint32_t sender, uint64_t due) {
    struct connection *c = &connections[sender];
    uint32_t number = next_message;
    next_message = (next_message + 1) % MESSAGES;
    /* Of a gift only the answer is waited for. */
    uint32_t missing = run.gifts ? 0 : members[c->room];
    messages[number] = (struct message){.due = due, .sender = sender, .missing = missing, .unacked = true};
    run.sent++;
    run.outstanding += missing + 1;
    char text[512];
    int length = run.gifts ? snprintf(text, sizeof text, wire->gift, number + 1, streams[c->room])
                           : snprintf(text, sizeof text, wire->chat, number + 1, streams[c->room], number);
    write_frame(c, OPCODE_TEXT, text, (size_t)length);
}

static void complete(struct message *message) {
    run.complete++;
    if (run.sending) send_message(message->sender, now);
}

static void on_delivery(const struct frame *frame) {
    const char *mark = memchr(frame->text + delivery_length, '~', frame->length - delivery_length);
    if (!mark || mark + 7 > frame->text + frame->length) return;
    uint32_t number = 0;
    for (int i = 1; i <= 6; i++) number = number * 10 + (uint32_t)(mark[i] - '0');
    struct message *message = &messages[number];
    run.bytes += frame->length;
    if (number >= MESSAGES || !message->missing) die("a delivery nobody waits for", mark);
    run.deliveries++;
    run.outstanding--;
    histogram_add(&run.delivery, now - message->due);
    if (--message->missing == 0 && !run.until_acked) complete(message);
}

static void on_ack(const struct frame *frame, uint32_t id) {
    struct message *message = &messages[(id - 1) % MESSAGES];
    if (!message->unacked) die("an ack nobody waits for", "");
    message->unacked = false;
    run.outstanding--;
    run.acks++;
    if (!memmem(frame->text, frame->length, "\"ok\":true", 9)) {
        if (!run.refused++) fprintf(stderr, "refused: %.*s\n", (int)frame->length, frame->text);
        run.outstanding -= message->missing;
        message->missing = 0;
        if (!run.until_acked) complete(message);
    }
    histogram_add(&run.ack, now - message->due);
    if (run.until_acked) complete(message);
}

/* --- Handshake ---------------------------------------------------------------------------------------- */

static void connected(struct connection *c) {
    char request[512];
    int length = snprintf(request, sizeof request,
                          "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
                          wire->path, port);
    c->stage = UPGRADING;
    watch(c, EPOLL_CTL_MOD, EPOLLIN);
    write_bytes(c, request, (size_t)length);
}

static void authenticate(struct connection *c) {
    char text[2048];
    snprintf(text, sizeof text, wire->authenticate, tokens[c->index % token_count]);
    c->stage = AUTHENTICATING;
    write_text(c, text);
}

static void join(struct connection *c) {
    char text[256];
    snprintf(text, sizeof text, wire->join, streams[c->room]);
    c->stage = JOINING;
    write_text(c, text);
}

static void joined(struct connection *c, const struct frame *frame) {
    if (!memmem(frame->text, frame->length, "\"ok\":true", 9)) die("the join was refused", frame->text);
    c->stage = JOINED;
    members[c->room]++;
    joined_count++;
    last_progress = now;
    histogram_add(&run.delivery, now - c->started);
}

/* The bytes of the answer to the upgrade request, or 0 while it is incomplete. */
static size_t on_upgrade(struct connection *c, char *data, size_t available) {
    char *end = memmem(data, available, "\r\n\r\n", 4);
    if (!end) return 0;
    if (memcmp(data, "HTTP/1.1 101", 12)) die("the upgrade was refused", data);
    if (wire == &PLAIN)
        authenticate(c);
    else
        c->stage = OPENING;
    return (size_t)(end - data) + 4;
}

/* --- Reading ------------------------------------------------------------------------------------------ */

/* The number of an ack or a reply, or -1 when the frame is none. */
static long ack_id(const struct frame *frame) {
    if (wire == &SOCKETIO) return starts_with(frame, "43", 2) ? strtol(frame->text + 2, NULL, 10) : -1;
    if (!starts_with(frame, "{\"event\":\"reply\"", 16)) return -1;
    const char *ref = memmem(frame->text, frame->length, "\"ref\":\"", 7);
    return ref ? strtol(ref + 7, NULL, 10) : -1;
}

static void on_control(struct connection *c, const struct frame *frame) {
    if (frame->opcode == OPCODE_PING) write_frame(c, OPCODE_PONG, frame->text, frame->length);
    if (frame->opcode == OPCODE_CLOSE) die("the server closed a connection", frame->text + 2);
}

static void on_frame(struct connection *c, const struct frame *frame) {
    if (starts_with(frame, wire->delivery, delivery_length)) return on_delivery(frame);
    if (frame->opcode != OPCODE_TEXT) return on_control(c, frame);
    if (wire == &SOCKETIO && starts_with(frame, "2", 1)) return write_text(c, "3");
    if (wire == &SOCKETIO && starts_with(frame, "44", 2)) die("the connection was refused", frame->text);
    if (c->stage == OPENING && starts_with(frame, "0{", 2)) return authenticate(c);
    if (c->stage == AUTHENTICATING && starts_with(frame, wire->authenticated, authenticated_length)) return join(c);
    long id = ack_id(frame);
    if (id == 0 && c->stage == JOINING) joined(c, frame);
    if (id > 0) on_ack(frame, (uint32_t)id);
}

static size_t consume(struct connection *c, char *data, size_t available) {
    size_t used = 0, taken;
    struct frame frame;
    if (c->stage == UPGRADING) {
        used = on_upgrade(c, data, available);
        if (!used) return 0;
    }
    while ((taken = frame_read(data + used, available - used, &frame))) {
        on_frame(c, &frame);
        used += taken;
    }
    return used;
}

static void keep_tail(struct connection *c, const char *data, size_t length) {
    if (length) {
        c->tail = realloc(c->tail, length);
        memcpy(c->tail, data, length);
    } else if (c->tail) {
        free(c->tail);
        c->tail = NULL;
    }
    c->tail_length = length;
}

static void on_readable(struct connection *c) {
    if (c->tail_length + READ_BYTES >= BUFFER_BYTES) die("frame", "too long to read");
    if (c->tail_length) memcpy(buffer, c->tail, c->tail_length);
    ssize_t count = recv(c->fd, buffer + c->tail_length, READ_BYTES, 0);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) die("a connection was lost", count ? strerror(errno) : "end of file");
    now = clock_now();
    size_t available = c->tail_length + (size_t)count;
    buffer[available] = 0;
    size_t used = consume(c, buffer, available);
    keep_tail(c, buffer + used, available - used);
}

/* --- The loop ----------------------------------------------------------------------------------------- */

enum { TIMER = MAX_CONNECTIONS, STDIN };

static void on_event(struct connection *c, uint32_t events) {
    if (c->stage == CONNECTING) {
        if (events & (EPOLLERR | EPOLLHUP)) die("connect", "refused");
        return connected(c);
    }
    if (events & EPOLLOUT && c->unsent_length) write_unsent(c);
    if (events & (EPOLLIN | EPOLLERR | EPOLLHUP)) on_readable(c);
}

/* Handles what has happened; answers true when the timer ran out (`*expirations` times) or stdin has a line. */
static bool turn(int timeout_ms, uint64_t *expirations) {
    struct epoll_event events[EVENTS];
    bool called = false;
    int count = epoll_wait(epoll_fd, events, EVENTS, timeout_ms);
    now = clock_now();
    for (int i = 0; i < count; i++) {
        uint32_t index = events[i].data.u32;
        if (index == STDIN) called = true;
        else if (index == TIMER) called = read(timer_fd, expirations, sizeof *expirations) > 0;
        else on_event(&connections[index], events[i].events);
    }
    return called;
}

static void set_timer(uint64_t first, uint64_t interval) {
    struct itimerspec spec = {
        .it_value = {(time_t)(first / 1000000000u), (long)(first % 1000000000u)},
        .it_interval = {(time_t)(interval / 1000000000u), (long)(interval % 1000000000u)},
    };
    if (timerfd_settime(timer_fd, TFD_TIMER_ABSTIME, &spec, NULL) < 0) die("timerfd_settime", strerror(errno));
}

static void listen_to_stdin(bool listen) {
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = STDIN};
    if (epoll_ctl(epoll_fd, listen ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, STDIN_FILENO, &event) < 0)
        die("stdin", "must be a pipe or a terminal");
}

/* --- Commands ----------------------------------------------------------------------------------------- */

static void open_connection(void) {
    uint32_t index = connection_count++;
    struct connection *c = &connections[index];
    *c = (struct connection){.index = index, .room = index % room_count, .stage = CONNECTING, .started = clock_now()};
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0) die("socket", strerror(errno));
    int on = 1;
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    struct sockaddr_in source = {.sin_family = AF_INET,
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK + index % SOURCE_ADDRESSES)};
    struct sockaddr_in target = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(c->fd, (struct sockaddr *)&source, sizeof source) < 0) die("bind", strerror(errno));
    if (connect(c->fd, (struct sockaddr *)&target, sizeof target) < 0 && errno != EINPROGRESS)
        die("connect", strerror(errno));
    watch(c, EPOLL_CTL_ADD, EPOLLOUT);
}

static void command_connect(uint32_t count, uint32_t at_once) {
    if (connection_count + count > MAX_CONNECTIONS) die("connect", "too many connections");
    uint32_t target = joined_count + count;
    double cpu = cpu_seconds();
    uint64_t start = last_progress = now = clock_now();
    memset(&run, 0, sizeof run);
    while (joined_count < target) {
        while (connection_count < target && connection_count - joined_count < at_once) open_connection();
        turn(1000, NULL);
        if (now - last_progress > STALL_SECONDS * 1000000000ull) die("connect", "the server stalls");
    }
    printf("{\"connections\":%u,\"seconds\":%.6f,\"load_cpu\":%.6f,", count, (double)(now - start) / 1e9,
           cpu_seconds() - cpu);
    histogram_print("latency_ms", &run.delivery);
    printf("}\n");
}

/* What never came counts as late as it is by now; a lost message must not flatter the percentiles. */
static uint64_t count_missing(void) {
    uint64_t missing = run.outstanding;
    for (uint32_t i = 0; missing && i < MESSAGES; i++) {
        for (; messages[i].missing; messages[i].missing--) histogram_add(&run.delivery, now - messages[i].due);
        if (messages[i].unacked) histogram_add(&run.ack, now - messages[i].due);
        messages[i].unacked = false;
    }
    return missing;
}

static void drain(void) {
    uint64_t left = run.outstanding;
    last_progress = now;
    while (run.outstanding && now - last_progress < STALL_SECONDS * 1000000000ull) {
        turn(1000, NULL);
        if (run.outstanding != left) last_progress = now;
        left = run.outstanding;
    }
}

static void run_closed(uint32_t in_flight, uint64_t end, uint32_t senders) {
    run.sending = true;
    for (uint32_t i = 0; i < in_flight; i++) send_message(i % senders, now);
    while (now < end) turn(100, NULL);
    run.sending = false;
}

static void run_open(double per_second, uint64_t end, uint32_t senders) {
    uint64_t interval = (uint64_t)(1e9 / per_second), due = now + interval, expirations;
    set_timer(due, interval);
    while (due < end) {
        if (!turn(100, &expirations)) continue;
        for (; expirations && due < end; expirations--, due += interval) send_message((uint32_t)run.sent % senders, due);
    }
    set_timer(0, 0);
}

static void command_run(bool closed, double pace, double seconds, uint32_t senders, const char *condition) {
    if (senders > joined_count) die("run", "more senders than members");
    memset(&run, 0, sizeof run);
    run.gifts = !strcmp(condition, "gifts");
    run.until_acked = run.gifts || !strcmp(condition, "acked");
    double cpu = cpu_seconds();
    uint64_t start = now = clock_now(), end = start + (uint64_t)(seconds * 1e9);
    if (closed)
        run_closed((uint32_t)pace, end, senders);
    else
        run_open(pace, end, senders);
    drain();
    printf("{\"messages\":%lu,\"deliveries\":%lu,\"acks\":%lu,\"refused\":%lu,\"bytes\":%lu,\"missing\":%lu,"
           "\"seconds\":%.6f,\"load_cpu\":%.6f,",
           run.sent, run.deliveries, run.acks, run.refused, run.bytes, count_missing(), (double)(now - start) / 1e9,
           cpu_seconds() - cpu);
    histogram_print("latency_ms", &run.delivery);
    printf(",");
    histogram_print("ack_ms", &run.ack);
    printf("}\n");
}

static void command_close(void) {
    for (uint32_t i = 0; i < connection_count; i++) {
        close(connections[i].fd);
        keep_tail(&connections[i], NULL, 0);
        free(connections[i].unsent);
    }
    printf("{\"closed\":%u}\n", connection_count);
    connection_count = joined_count = 0;
    memset(members, 0, sizeof members);
}

static void on_command(const char *line) {
    char mode[16], condition[16];
    uint32_t count, at_once, senders;
    double pace, seconds;
    if (sscanf(line, "connect %u %u", &count, &at_once) == 2)
        command_connect(count, at_once);
    else if (sscanf(line, "run %15s %lf %lf %u %15s", mode, &pace, &seconds, &senders, condition) == 5)
        command_run(!strcmp(mode, "closed"), pace, seconds, senders, condition);
    else if (!strcmp(line, "close\n"))
        command_close();
    else
        die("no such command", line);
    fflush(stdout);
}

/* --- Start -------------------------------------------------------------------------------------------- */

static void read_tokens(const char *path) {
    FILE *file = fopen(path, "r");
    if (!file) die(path, strerror(errno));
    char line[2048];
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = 0;
        tokens = realloc(tokens, (token_count + 1) * sizeof *tokens);
        tokens[token_count++] = strdup(line);
    }
    fclose(file);
    if (!token_count) die(path, "holds no token");
}

static void read_streams(char *list) {
    for (char *id = strtok(list, ","); id && room_count < MAX_ROOMS; id = strtok(NULL, ",")) streams[room_count++] = id;
    if (!room_count) die("streams", "none given");
}

int main(int argc, char **argv) {
    if (argc != 5) die("usage", "load socketio|plain PORT TOKENS_FILE STREAM,STREAM…");
    wire = strcmp(argv[1], "plain") ? &SOCKETIO : &PLAIN;
    delivery_length = strlen(wire->delivery);
    authenticated_length = strlen(wire->authenticated);
    port = atoi(argv[2]);
    read_tokens(argv[3]);
    read_streams(argv[4]);
    setvbuf(stdin, NULL, _IONBF, 0);
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = TIMER};
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, timer_fd, &event);
    for (;;) {
        char line[256];
        listen_to_stdin(true);
        while (!turn(-1, &(uint64_t){0})) {
        }
        listen_to_stdin(false);
        if (!fgets(line, sizeof line, stdin)) return 0;
        on_command(line);
    }
}
