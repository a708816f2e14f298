// SPDX-License-Identifier: Apache-2.0
// As much of Kafka's protocol as the proxy needs: which request a frame is, and whose transaction
// it is about.
#ifndef LIB_PROXY_FRAME_H
#define LIB_PROXY_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

// Requests by their numbers in the protocol.
enum {
    API_PRODUCE = 0,
    API_INIT_PRODUCER_ID = 22,
    API_ADD_PARTITIONS_TO_TXN = 24,
    API_ADD_OFFSETS_TO_TXN = 25,
    API_END_TXN = 26,
    API_TXN_OFFSET_COMMIT = 28,
};

enum { FRAME_SIZE_BYTES = 4, FRAME_BYTES_MAX = 128 << 20, TRANSACTIONAL_ID_MAX = 128 };

// The bytes of the whole frame that begins here, its size field included; 0 when that is not known
// yet, or is not one that a frame can have.
size_t frame_bytes(struct view bytes);

struct frame_request {
    int16_t api;
    int32_t correlation;
    char transactional_id[TRANSACTIONAL_ID_MAX]; // "": none, or a request that is not read further
};

// False when the frame is no request.
bool frame_read_request(struct view frame, struct frame_request *out);
int32_t frame_read_correlation(struct view response);
// The error code of an answer to END_TXN, or of the first partition of one to TXN_OFFSET_COMMIT (as
// version 3 has it); -1: none is found.
int16_t frame_read_error(int16_t api, struct view response);

#endif
