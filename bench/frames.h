/* WebSocket frames: just enough of RFC 6455 for text that fits one frame. */
#ifndef BENCH_FRAMES_H
#define BENCH_FRAMES_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum opcode { OPCODE_TEXT = 1, OPCODE_CLOSE = 8, OPCODE_PING = 9, OPCODE_PONG = 10 };

struct frame {
    int opcode;
    char *text;
    size_t length;
};

static inline void die(const char *what, const char *detail) {
    fprintf(stderr, "%s: %s\n", what, detail);
    exit(1);
}

/* Reads the frame at the start of `data`; answers the bytes it takes, or 0 while it is incomplete. */
static inline size_t frame_read(char *data, size_t available, struct frame *frame) {
    const uint8_t *head = (const uint8_t *)data;
    if (available < 2) return 0;
    size_t header = 2, length = head[1] & 127;
    if (length == 126) {
        if (available < 4) return 0;
        length = (size_t)head[2] << 8 | head[3];
        header = 4;
    } else if (length == 127) {
        if (available < 10) return 0;
        length = 0;
        for (int i = 2; i < 10; i++) length = length << 8 | head[i];
        header = 10;
    }
    size_t mask = header;
    if (head[1] & 128) header += 4;
    if (available < header || available - header < length) return 0;
    frame->opcode = head[0] & 15;
    frame->text = data + header;
    frame->length = length;
    if (head[1] & 128)
        for (size_t i = 0; i < length; i++) frame->text[i] ^= data[mask + (i & 3)];
    return header + length;
}

/* Writes a frame's header to `out` (14 bytes are always enough); answers its size. A client must mask its
   frames; the mask is all zeros, so that the payload may be sent as it is. */
static inline size_t frame_header(char *out, int opcode, size_t length, int masked) {
    size_t size = 2;
    out[0] = (char)(128 | opcode);
    if (length < 126) {
        out[1] = (char)length;
    } else if (length < 65536) {
        out[1] = 126;
        out[2] = (char)(length >> 8);
        out[3] = (char)length;
        size = 4;
    } else {
        die("frame", "the benchmark never sends frames this long");
    }
    if (masked) {
        out[1] = (char)(out[1] | 128);
        memset(out + size, 0, 4);
        size += 4;
    }
    return size;
}

static inline int starts_with(const struct frame *frame, const char *prefix, size_t length) {
    return frame->length >= length && memcmp(frame->text, prefix, length) == 0;
}

#endif
