// SPDX-License-Identifier: Apache-2.0
// Byte layout of a card. "varint" is LEB128, "zigzag" a signed varint (Avro's long); a delta is
// taken and added modulo 2^64, so that any two times or ids have one.
//
//   u8      format version: 1, and 1 more when events have facts, and 2 more when a counter is
//           the running count of purchases
//   u8      bit 0: a newest offset follows; bit 1: counters follow; bit 2: 0;
//           bits 3..7: the number of events, or 31: 31 + the varint that follows
//   [varint number of events - 31]
//   [version 2: u8 bits 0..2: the number of facts of each event, at least 1; bits 3..7: 0]
//   [varint newest offset]
//   [varint number of counters]
//   events, oldest first, each:
//       u8      bit 0: has an id; bits 1..6: the lowest six rule bits; bit 7: more rule bits
//       [varint the rule bits above the lowest six]
//       first event: zigzag time; others: varint delta to the time before (never backwards)
//       [zigzag delta of the id to the last id before it, 0 at first]
//       [version 2, each fact: varint of its bits that differ from the event before, 0 at first]
//   counters, each:
//       varint rule, zigzag delta of the window's index to the one before (0 at first), varint
//       count
//     The running count is the counter of rule 16, window index 0: COUNTER_PURCHASES.
// A purchase of today with an id below 2^27 takes 11 bytes as the first and 7 as another event.
//
// Nothing may follow the last field. Readers check every count against the bytes that are left
// before they make room for it.
#include "store/record.h"

#include "base/assert.h"
#include "base/limits.h"

enum {
    CARD_HAS_OFFSET = 1,
    CARD_HAS_COUNTERS = 2,
    CARD_FLAGS_RESERVED = 4,
    CARD_COUNT_SHIFT = 3,
    CARD_COUNT_ESCAPE = 31,

    EVENT_HAS_ID = 1,
    EVENT_BITS_SHIFT = 1,
    EVENT_BITS_BELOW = 6,
    EVENT_BITS_MASK = (1 << EVENT_BITS_BELOW) - 1,
    EVENT_MORE_BITS = 0x80,

    VARINT_BYTES_MAX = 10,
    CARD_HEAD_BYTES_MAX = 3 + 3 * VARINT_BYTES_MAX,
    EVENT_BYTES_MAX = 1 + 3 * VARINT_BYTES_MAX, // and its facts
    COUNTER_BYTES_MAX = 3 * VARINT_BYTES_MAX,
    EVENT_BYTES_MIN = 2,
    COUNTER_BYTES_MIN = 3,
};

_Static_assert(EVENT_BYTES_MAX >= COUNTER_BYTES_MAX, "the larger one bounds every slot");

static const uint64_t rule_bits_mask = ((uint64_t)1 << (2 * RULES_MAX)) - 1;
static const uint64_t late_bits_mask = (uint64_t)0x5555555555555555 >> (64 - 2 * RULES_MAX);
static const uint64_t count_max = INT64_MAX / 2; // a counter goes on from here without overflow

// ---- card, writing: straight into room that is known to suffice ----

static inline uint8_t *put_varint(uint8_t *at, uint64_t value)
{
    while (value >= 0x80) {
        *at++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *at++ = (uint8_t)value;
    return at;
}

static inline uint8_t *put_zigzag(uint8_t *at, uint64_t value)
{
    return put_varint(at, zigzag_encode((int64_t)value));
}

static inline uint8_t *put_event_head(uint8_t *at, uint64_t bits)
{
    uint64_t rule_bits = bits & ~SLOT_HAS_ID;
    uint64_t above = rule_bits >> EVENT_BITS_BELOW;
    *at++ = (uint8_t)((bits & SLOT_HAS_ID ? EVENT_HAS_ID : 0) |
                      (rule_bits & EVENT_BITS_MASK) << EVENT_BITS_SHIFT |
                      (above != 0 ? EVENT_MORE_BITS : 0));
    return above != 0 ? put_varint(at, above) : at;
}

// `facts` are the event's, those of the event before lie in front of them; unless it is the first.
static uint8_t *put_facts(uint8_t *at, const uint64_t *facts, size_t count, bool first)
{
    for (size_t i = 0; i < count; i++)
        at = put_varint(at, first ? facts[i] : facts[i] ^ (facts + i - count)[0]);
    return at;
}

static uint8_t *put_events_with_facts(uint8_t *at, struct card *card)
{
    const struct slot *events = card_events(card);
    size_t fact_count = card_fact_count(card);
    uint64_t last_id = 0;
    for (size_t i = 0; i < card->event_count; i++) {
        at = put_event_head(at, events[i].bits);
        uint64_t time = (uint64_t)events[i].time_ms;
        at = i == 0 ? put_zigzag(at, time) : put_varint(at, time - (uint64_t)events[i - 1].time_ms);
        if (events[i].bits & SLOT_HAS_ID) {
            at = put_zigzag(at, (uint64_t)events[i].id - last_id);
            last_id = (uint64_t)events[i].id;
        }
        at = put_facts(at, card_facts(card, i), fact_count, i == 0);
    }
    return at;
}

static uint8_t *put_events(uint8_t *at, const struct slot *events, size_t count)
{
    uint64_t last_id = 0;
    for (size_t i = 0; i < count; i++) {
        at = put_event_head(at, events[i].bits);
        uint64_t time = (uint64_t)events[i].time_ms;
        at = i == 0 ? put_zigzag(at, time) : put_varint(at, time - (uint64_t)events[i - 1].time_ms);
        if (!(events[i].bits & SLOT_HAS_ID))
            continue;
        at = put_zigzag(at, (uint64_t)events[i].id - last_id);
        last_id = (uint64_t)events[i].id;
    }
    return at;
}

static uint8_t *put_counters(uint8_t *at, const struct slot *counters, size_t count)
{
    uint64_t last_index = 0;
    for (size_t i = 0; i < count; i++) {
        at = put_varint(at, counters[i].bits);
        at = put_zigzag(at, (uint64_t)counters[i].time_ms - last_index);
        at = put_varint(at, (uint64_t)counters[i].id);
        last_index = (uint64_t)counters[i].time_ms;
    }
    return at;
}

static uint8_t format_of(struct card *card)
{
    const struct slot *counters = card_counters(card);
    bool has_facts = card_fact_count(card) > 0 && card->event_count > 0;
    uint8_t version = CARD_FORMAT_VERSION + (has_facts ? CARD_FORMAT_FACTS : 0);
    for (size_t i = 0; i < card->counter_count; i++) {
        if (counters[i].bits == COUNTER_PURCHASES)
            return (uint8_t)(version + CARD_FORMAT_COUNTED);
    }
    return version;
}

static uint8_t *put_card_head(uint8_t *at, struct card *card)
{
    size_t events = card->event_count;
    size_t short_count = events < CARD_COUNT_ESCAPE ? events : CARD_COUNT_ESCAPE;
    bool has_facts = card_fact_count(card) > 0 && events > 0;
    *at++ = format_of(card);
    *at++ = (uint8_t)((card->newest_offset >= 0 ? CARD_HAS_OFFSET : 0) |
                      (card->counter_count > 0 ? CARD_HAS_COUNTERS : 0) |
                      short_count << CARD_COUNT_SHIFT);
    if (short_count == CARD_COUNT_ESCAPE)
        at = put_varint(at, events - CARD_COUNT_ESCAPE);
    if (has_facts)
        *at++ = (uint8_t)card_fact_count(card);
    if (card->newest_offset >= 0)
        at = put_varint(at, (uint64_t)card->newest_offset);
    if (card->counter_count > 0)
        at = put_varint(at, card->counter_count);
    return at;
}

static uint8_t *put_card(uint8_t *at, struct card *card)
{
    at = put_card_head(at, card);
    at = card_fact_count(card) > 0 ? put_events_with_facts(at, card)
                                   : put_events(at, card_events(card), card->event_count);
    return put_counters(at, card_counters(card), card->counter_count);
}

static size_t card_bytes_max(const struct card *card)
{
    size_t slots = (size_t)card->event_count + card->counter_count;
    return CARD_HEAD_BYTES_MAX +
           slots * (EVENT_BYTES_MAX + card_fact_count(card) * VARINT_BYTES_MAX);
}

// The worst case does not fit below the buffer's maximum; the card itself may.
static bool card_encode_tight(struct card *card, struct buffer *out)
{
    struct buffer spare;
    buffer_init(&spare, card_bytes_max(card));
    bool done = card_encode(card, &spare) && buffer_append(out, spare.data, spare.size);
    buffer_release(&spare);
    return done;
}

bool card_encode(struct card *card, struct buffer *out)
{
    size_t bytes_max = card_bytes_max(card);
    if (bytes_max > out->max - out->size)
        return card_encode_tight(card, out);
    if (!buffer_reserve(out, bytes_max))
        return false;
    uint8_t *at = out->data + out->size;
    uint8_t *end = put_card(at, card);
    ensure((size_t)(end - at) <= bytes_max);
    out->size += (size_t)(end - at);
    return true;
}

// ---- card, reading ----

struct card_head {
    uint64_t rules_end; // a counter's rule is below it
    size_t event_count;
    size_t fact_count; // of each event
    size_t counter_count;
    int64_t newest_offset;
};

static bool read_event_count(struct reader *reader, uint8_t flags, struct card_head *head)
{
    uint64_t more = 0;
    head->event_count = flags >> CARD_COUNT_SHIFT;
    if (head->event_count == CARD_COUNT_ESCAPE && !reader_varint(reader, &more))
        return false;
    if (more > EVENTS_PER_CARD_MAX)
        return false;
    head->event_count += (size_t)more;
    return head->event_count <= EVENTS_PER_CARD_MAX;
}

static bool read_fact_count(struct reader *reader, uint8_t version, struct card_head *head)
{
    uint8_t count;
    head->fact_count = 0;
    if (version != CARD_FORMAT_VERSION + CARD_FORMAT_FACTS && version != CARD_FORMAT_VERSION_MAX)
        return true;
    if (!reader_byte(reader, &count) || count < 1 || count > FACTS_MAX || head->event_count == 0)
        return false;
    head->fact_count = count;
    return true;
}

static bool read_newest_offset(struct reader *reader, uint8_t flags, struct card_head *head)
{
    uint64_t offset;
    head->newest_offset = -1;
    if (!(flags & CARD_HAS_OFFSET))
        return true;
    if (!reader_varint(reader, &offset) || offset > INT64_MAX)
        return false;
    head->newest_offset = (int64_t)offset;
    return true;
}

static bool read_counter_count(struct reader *reader, uint8_t flags, struct card_head *head)
{
    uint64_t count;
    head->counter_count = 0;
    if (!(flags & CARD_HAS_COUNTERS))
        return true;
    uint64_t most = OPEN_WINDOWS_MAX + (head->rules_end > COUNTER_PURCHASES);
    if (!reader_varint(reader, &count) || count == 0 || count > most)
        return false;
    head->counter_count = (size_t)count;
    return true;
}

static bool read_card_head(struct reader *reader, uint8_t version, struct card_head *head)
{
    uint8_t flags;
    if (!reader_byte(reader, &flags) || (flags & CARD_FLAGS_RESERVED) != 0)
        return false;
    if (!read_event_count(reader, flags, head) || !read_fact_count(reader, version, head) ||
        !read_newest_offset(reader, flags, head) || !read_counter_count(reader, flags, head))
        return false;
    // Each slot takes bytes: so the memory asked for is bounded by the size of the record.
    return head->event_count * (EVENT_BYTES_MIN + head->fact_count) +
               head->counter_count * COUNTER_BYTES_MIN <=
           reader_left(reader);
}

static bool read_event_bits(struct reader *reader, uint64_t *bits)
{
    uint8_t first;
    uint64_t above = 0;
    if (!reader_byte(reader, &first))
        return false;
    if (first & EVENT_MORE_BITS && !reader_varint(reader, &above))
        return false;
    if (above > rule_bits_mask >> EVENT_BITS_BELOW)
        return false;
    *bits = above << EVENT_BITS_BELOW | (first >> EVENT_BITS_SHIFT & EVENT_BITS_MASK);
    if ((*bits & late_bits_mask & *bits >> 1) != 0) // late and in a burst of the same rule
        return false;
    if (first & EVENT_HAS_ID)
        *bits |= SLOT_HAS_ID;
    return true;
}

// `before` is the event before, NULL for the first one.
static bool read_event_time(struct reader *reader, const struct slot *before, int64_t *time_ms)
{
    uint64_t delta;
    if (before == NULL)
        return reader_zigzag(reader, time_ms);
    if (!reader_varint(reader, &delta))
        return false;
    *time_ms = (int64_t)((uint64_t)before->time_ms + delta);
    return *time_ms >= before->time_ms;
}

static bool read_facts(struct reader *reader, struct card *card, size_t at)
{
    size_t count = card_fact_count(card);
    uint64_t *facts = card_facts(card, at);
    for (size_t i = 0; i < count; i++) {
        uint64_t changed;
        if (!reader_varint(reader, &changed))
            return false;
        facts[i] = at == 0 ? changed : changed ^ (facts + i - count)[0];
    }
    return true;
}

static bool read_events(struct reader *reader, struct card *card)
{
    struct slot *events = card_events(card);
    bool has_facts = card_fact_count(card) > 0;
    uint64_t last_id = 0;
    for (size_t i = 0; i < card->event_count; i++) {
        struct slot *event = &events[i];
        int64_t delta;
        event->id = 0;
        if (!read_event_bits(reader, &event->bits) ||
            !read_event_time(reader, i == 0 ? NULL : event - 1, &event->time_ms))
            return false;
        if (event->bits & SLOT_HAS_ID) {
            if (!reader_zigzag(reader, &delta))
                return false;
            last_id += (uint64_t)delta;
            event->id = (int64_t)last_id;
        }
        if (has_facts && !read_facts(reader, card, i))
            return false;
    }
    return true;
}

static bool read_counters(struct reader *reader, struct slot *counters,
                          const struct card_head *head)
{
    uint64_t last_index = 0;
    for (size_t i = 0; i < head->counter_count; i++) {
        uint64_t rule, value;
        int64_t delta;
        if (!reader_varint(reader, &rule) || !reader_zigzag(reader, &delta) ||
            !reader_varint(reader, &value))
            return false;
        if (rule >= head->rules_end || value == 0 || value > count_max)
            return false;
        last_index += (uint64_t)delta;
        counters[i] =
            (struct slot){.time_ms = (int64_t)last_index, .id = (int64_t)value, .bits = rule};
    }
    return true;
}

static bool read_card(struct reader *reader, uint8_t version, struct card *out)
{
    struct card_head head = {.rules_end = version > CARD_FORMAT_COUNTED ? COUNTER_PURCHASES + 1
                                                                        : COUNTER_PURCHASES};
    if (!read_card_head(reader, version, &head))
        return false;
    card_reserve(out, head.event_count + head.counter_count);
    if (head.fact_count > 0)
        card_keep_facts(out, head.fact_count);
    if (out->capacity > CARD_INLINE_SLOTS)
        out->id_bound = INT64_MAX; // the events come in past the card's back
    out->newest_offset = head.newest_offset;
    out->event_count = (uint16_t)head.event_count;
    out->counter_count = (uint16_t)head.counter_count;
    return read_events(reader, out) && read_counters(reader, card_counters(out), &head) &&
           reader_left(reader) == 0 && format_of(out) == version;
}

enum status card_decode(struct view bytes, struct card *out, struct error *err)
{
    struct reader reader = reader_of(bytes);
    uint8_t version;
    ensure(card_is_empty(out));
    if (!reader_byte(&reader, &version))
        return error_set(err, STATUS_FATAL, "the card record is empty");
    if (version < CARD_FORMAT_VERSION || version > CARD_FORMAT_VERSION_MAX)
        return error_set(err, STATUS_FATAL,
                         "the card record has format version %u, this program reads versions %d "
                         "to %d",
                         version, CARD_FORMAT_VERSION, CARD_FORMAT_VERSION_MAX);
    if (read_card(&reader, version, out))
        return STATUS_OK;
    card_release(out);
    return error_set(err, STATUS_FATAL, "the card record of %zu bytes is damaged", bytes.size);
}
