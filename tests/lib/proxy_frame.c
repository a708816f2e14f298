// SPDX-License-Identifier: Apache-2.0
#include "lib/proxy_frame.h"

#include <string.h>

// Request: size, api, version, correlation, client id; a flexible one has tags behind it and its
// texts begin with a varint, their size + 1.
enum {
    API_AT = 4,
    VERSION_AT = 6,
    CORRELATION_AT = 8,
    CLIENT_ID_AT = 12,
    REQUEST_BYTES_MIN = 14,
    RESPONSE_BYTES_MIN = 8,
    END_TXN_ERROR_AT = 12, // behind size, correlation, throttle time
    OFFSETS_NAME_AT = 14,
};

static int64_t read_be(const uint8_t *at, size_t bytes)
{
    uint64_t value = at[0] >= 0x80 ? UINT64_MAX : 0;
    for (size_t i = 0; i < bytes; i++)
        value = value << 8 | at[i];
    return (int64_t)value;
}

size_t frame_bytes(struct view bytes)
{
    if (bytes.size < FRAME_SIZE_BYTES)
        return 0;
    int64_t size = read_be(bytes.data, FRAME_SIZE_BYTES);
    return size < 0 || size > FRAME_BYTES_MAX ? 0 : (size_t)size + FRAME_SIZE_BYTES;
}

static bool is_flexible(int16_t api, int16_t version)
{
    switch (api) {
    case API_INIT_PRODUCER_ID:
        return version >= 2;
    case API_TXN_OFFSET_COMMIT:
    case API_ADD_PARTITIONS_TO_TXN:
    case API_ADD_OFFSETS_TO_TXN:
    case API_END_TXN:
        return version >= 3;
    default:
        return false;
    }
}

static bool has_transactional_id(int16_t api)
{
    return api == API_INIT_PRODUCER_ID || api == API_ADD_PARTITIONS_TO_TXN ||
           api == API_ADD_OFFSETS_TO_TXN || api == API_END_TXN || api == API_TXN_OFFSET_COMMIT;
}

// The body of each of these begins with the transactional id.
static void read_transactional_id(struct view frame, bool flexible, char *out)
{
    int64_t client_id_size = read_be(frame.data + CLIENT_ID_AT, 2);
    size_t at = CLIENT_ID_AT + 2 + (client_id_size > 0 ? (size_t)client_id_size : 0);
    at += flexible; // no tags: a zero byte
    if (at + 2 > frame.size)
        return;
    int64_t size = flexible ? frame.data[at] - 1 : read_be(frame.data + at, 2);
    at += flexible ? 1 : 2;
    if (size <= 0 || size >= TRANSACTIONAL_ID_MAX || at + (size_t)size > frame.size)
        return;
    memcpy(out, frame.data + at, (size_t)size);
    out[size] = '\0';
}

bool frame_read_request(struct view frame, struct frame_request *out)
{
    *out = (struct frame_request){.api = -1};
    if (frame.size < REQUEST_BYTES_MIN)
        return false;
    out->api = (int16_t)read_be(frame.data + API_AT, 2);
    out->correlation = (int32_t)read_be(frame.data + CORRELATION_AT, 4);
    int16_t version = (int16_t)read_be(frame.data + VERSION_AT, 2);
    if (has_transactional_id(out->api))
        read_transactional_id(frame, is_flexible(out->api, version), out->transactional_id);
    return true;
}

int32_t frame_read_correlation(struct view response)
{
    return response.size < RESPONSE_BYTES_MIN ? -1 : (int32_t)read_be(response.data + 4, 4);
}

// Behind size, correlation, tags and throttle time: topics, a name, partitions, an index. Counts
// and sizes below 128 are one byte.
static size_t offsets_error_at(struct view response)
{
    if (response.size <= OFFSETS_NAME_AT)
        return response.size;
    return OFFSETS_NAME_AT + (size_t)response.data[OFFSETS_NAME_AT] + 1 + 4;
}

int16_t frame_read_error(int16_t api, struct view response)
{
    size_t at = api == API_END_TXN ? END_TXN_ERROR_AT : offsets_error_at(response);
    if (at + 2 > response.size || (api != API_END_TXN && api != API_TXN_OFFSET_COMMIT))
        return -1;
    return (int16_t)read_be(response.data + at, 2);
}
