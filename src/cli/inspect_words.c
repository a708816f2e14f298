// SPDX-License-Identifier: Apache-2.0
#include "cli/inspect_words.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/log.h"
#include "cli/cli.h"
#include "cli/moment.h"
#include "stream/card_view.h"

enum { PAGE_BYTES_MAX = 64 * 1024 * 1024, BAR_COLUMNS = 40, HEX_BYTES = 2 * FINGERPRINT_BYTES + 1 };

static void print(const struct buffer *page)
{
    fwrite(page->data, 1, page->size, stdout);
}

static void hex_of(const uint8_t *bytes, char out[HEX_BYTES])
{
    for (size_t i = 0; i < FINGERPRINT_BYTES; i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

// "412 B", "3.2 MiB".
static const char *size_text(uint64_t bytes, char *out, size_t size)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double shown = (double)bytes;
    size_t unit = 0;
    for (; shown >= 1024 && unit < 6; unit++)
        shown /= 1024;
    snprintf(out, size, unit == 0 || shown >= 100 ? "%.0f %s" : "%.1f %s", shown, units[unit]);
    return out;
}

// "0.4 s", "12 s", "5 min", "3 h".
static const char *span_text(int64_t ms, char *out, size_t size)
{
    const char *sign = ms < 0 ? "-" : "";
    double seconds = (ms < 0 ? -(double)ms : (double)ms) / 1000;
    if (seconds < 10)
        snprintf(out, size, "%s%.1f s", sign, seconds);
    else if (seconds < 120)
        snprintf(out, size, "%s%.0f s", sign, seconds);
    else if (seconds < 7200)
        snprintf(out, size, "%s%.0f min", sign, seconds / 60);
    else if (seconds < 2.0 * 24 * 3600)
        snprintf(out, size, "%s%.0f h", sign, seconds / 3600);
    else
        snprintf(out, size, "%s%.0f days", sign, seconds / (24 * 3600));
    return out;
}

// ---- all, for people ----

static void print_partition(const struct inspect_partition *partition, int64_t wall_ms)
{
    char bytes[32], stream[MOMENT_TEXT_BYTES] = "-", behind[32] = "-", written[32];
    const struct meta *meta = &partition->checkpoint.meta;
    if (!partition->found) {
        printf("%9" PRId32 "  %s\n", partition->partition,
               partition->problem.text[0] != '\0' ? partition->problem.text : "empty");
        return;
    }
    if (meta->stream_time.known) {
        moment_text(meta->stream_time.ms, stream);
        span_text(wall_ms - meta->stream_time.ms, behind, sizeof(behind));
    }
    printf("%9" PRId32 "  %12" PRIu64 "  %9s  %14" PRId64 "  %-24s  %9s  %9s  %12" PRId64
           "  %016" PRIx64 "%s\n",
           partition->partition, partition->cards, size_text(partition->bytes, bytes, 32),
           meta->input_offset, stream, behind,
           span_text(wall_ms - partition->written_ms, written, sizeof(written)),
           partition->checkpoint.changelog_offset, meta->incarnation,
           partition->same_rules ? "" : "  (not as configured)");
    if (partition->problem.text[0] != '\0')
        printf("%9s  %s\n", "", partition->problem.text);
}

static void print_sizes(const struct inspect_look *look)
{
    uint64_t most = 1;
    for (size_t i = 0; i < INSPECT_SIZES; i++)
        most = look->sizes[i] > most ? look->sizes[i] : most;
    printf("\npurchases stored of a card        cards\n");
    for (size_t i = 0; i < INSPECT_SIZES; i++) {
        char range[32];
        uint64_t from = inspect_size_from(i), next = inspect_size_from(i + 1);
        if (look->sizes[i] == 0)
            continue;
        if (i + 1 == INSPECT_SIZES)
            snprintf(range, sizeof(range), "%" PRIu64 " or more", from);
        else if (next == from + 1)
            snprintf(range, sizeof(range), "%" PRIu64, from);
        else
            snprintf(range, sizeof(range), "%" PRIu64 " to %" PRIu64, from, next - 1);
        int columns = (int)((double)look->sizes[i] / (double)most * BAR_COLUMNS + 0.5);
        printf("%20s  %17" PRIu64 "  %.*s\n", range, look->sizes[i], columns,
               "########################################");
    }
}

static void print_identity(const struct inspect_partition *partition)
{
    char fingerprint[HEX_BYTES];
    const struct meta *meta = &partition->checkpoint.meta;
    hex_of(meta->fingerprint, fingerprint);
    printf("\nfingerprint of the rules %s%s\nwritten by %s\n", fingerprint,
           partition->same_rules ? ", as configured"
                                 : ", not that of this configuration: other rules, or "
                                   "another state.secret_file, which finds no card",
           meta->transactional_id[0] != '\0' ? meta->transactional_id
                                             : "a service without transactions");
}

void inspect_all_text(const struct inspect_look *look, int64_t wall_ms)
{
    char bytes[32], holder[64] = "no service runs on it";
    if (look->inspection.holder != 0)
        snprintf(holder, sizeof(holder), "held by process %ld", look->inspection.holder);
    printf("%s: %s\n%zu partitions, %" PRIu64 " cards, %" PRIu64 " purchases, %s on disk\n\n",
           look->inspection.dir.path, holder, look->inspection.count, look->cards, look->purchases,
           size_text(look->bytes, bytes, sizeof(bytes)));
    if (look->inspection.count == 0)
        return;
    printf("%9s  %12s  %9s  %14s  %-24s  %9s  %9s  %12s  %s\n", "partition", "cards", "size",
           "next purchase", "stream time", "behind", "written", "changelog", "incarnation");
    for (size_t i = 0; i < look->inspection.count; i++)
        print_partition(&look->partitions[i], wall_ms);
    print_sizes(look);
    if (look->damaged_cards > 0)
        printf("%20s  %17" PRIu64 "\n", "unreadable", look->damaged_cards);
    for (size_t i = 0; i < look->inspection.count; i++)
        if (look->partitions[i].found) {
            print_identity(&look->partitions[i]);
            return;
        }
}

// ---- all, as JSON ----

static void put_checkpoint(struct json_out *out, const struct inspect_partition *partition,
                           int64_t wall_ms)
{
    char text[HEX_BYTES];
    const struct meta *meta = &partition->checkpoint.meta;
    json_out_count(out, "cards", partition->cards);
    json_out_count(out, "bytes", partition->bytes);
    json_out_integer(out, "input_offset", meta->input_offset);
    json_out_integer(out, "changelog_offset", partition->checkpoint.changelog_offset);
    json_out_integer_if(out, "stream_time_ms", meta->stream_time.known, meta->stream_time.ms);
    json_out_integer(out, "written_ms", partition->written_ms);
    json_out_integer(out, "age_ms", wall_ms - partition->written_ms);
    snprintf(text, sizeof(text), "%016" PRIx64, meta->incarnation);
    json_out_text(out, "incarnation", text);
    hex_of(meta->fingerprint, text);
    json_out_text(out, "fingerprint", text);
    json_out_truth(out, "fingerprint_as_configured", partition->same_rules);
    json_out_text(out, "transactional_id", meta->transactional_id);
    json_out_text(out, "guarantee", meta->at_least_once ? "at_least_once" : "exactly_once");
}

static void put_sizes(struct json_out *out, const struct inspect_look *look)
{
    json_out_array(out, "card_sizes");
    for (size_t i = 0; i < INSPECT_SIZES; i++) {
        json_out_object(out, NULL);
        json_out_count(out, "purchases_from", inspect_size_from(i));
        json_out_count(out, "cards", look->sizes[i]);
        json_out_object_end(out);
    }
    json_out_array_end(out);
}

void inspect_all_json(const struct inspect_look *look, int64_t wall_ms)
{
    struct buffer page;
    buffer_init(&page, PAGE_BYTES_MAX);
    struct json_out out = json_out_to(&page);
    json_out_object(&out, NULL);
    json_out_text(&out, "directory", look->inspection.dir.path);
    json_out_integer_if(&out, "held_by", look->inspection.holder != 0, look->inspection.holder);
    json_out_count(&out, "cards", look->cards);
    json_out_count(&out, "purchases", look->purchases);
    json_out_count(&out, "bytes", look->bytes);
    json_out_count(&out, "record_bytes", look->record_bytes);
    json_out_count(&out, "unreadable_cards", look->damaged_cards);
    json_out_array(&out, "partitions");
    for (size_t i = 0; i < look->inspection.count; i++) {
        const struct inspect_partition *partition = &look->partitions[i];
        json_out_object(&out, NULL);
        json_out_integer(&out, "partition", partition->partition);
        json_out_truth(&out, "found", partition->found);
        if (partition->found)
            put_checkpoint(&out, partition, wall_ms);
        if (partition->problem.text[0] != '\0')
            json_out_text(&out, "problem", partition->problem.text);
        json_out_object_end(&out);
    }
    json_out_array_end(&out);
    put_sizes(&out, look);
    json_out_object_end(&out);
    (void)buffer_append_byte(&page, '\n');
    print(&page);
    buffer_release(&page);
}

// ---- a card ----

static struct card_view view_of(const struct inspect_look *look, const struct inspect_card *card)
{
    return (struct card_view){
        .engine = &look->settings.engine,
        .rule_names = look->settings.rule_names,
        .stream_time = card->where->checkpoint.meta.stream_time,
        .record = card->record,
    };
}

int inspect_card_json(const struct inspect_look *look, const struct inspect_card *card)
{
    char masked[CARD_MASKED_MAX];
    struct error err;
    struct buffer page;
    bool found = card->where->partition >= 0;
    int code = found ? CLI_DONE : CLI_FAILED;
    buffer_init(&page, PAGE_BYTES_MAX);
    struct json_out out = json_out_to(&page);
    card_mask(card->number, masked);
    json_out_object(&out, NULL);
    json_out_text(&out, "card", masked);
    json_out_truth(&out, "found", found);
    if (found) {
        const struct card_view view = view_of(look, card);
        json_out_integer(&out, "partition", card->where->partition);
        json_out_integer_if(&out, "stream_time_ms", view.stream_time.known, view.stream_time.ms);
        json_out_count(&out, "record_bytes", card->record.size);
        if (card_view_write(&view, &out, &err) != STATUS_OK) {
            json_out_text(&out, "problem", err.text);
            code = CLI_FAILED;
        }
    }
    json_out_object_end(&out);
    (void)buffer_append_byte(&page, '\n');
    print(&page);
    buffer_release(&page);
    return code;
}

static void print_marks(const struct inspect_look *look, uint64_t bits)
{
    const struct engine *engine = &look->settings.engine;
    for (size_t place = 0; place < engine->place_count; place++) {
        const char *rule = look->settings.rule_names[engine->rule_at[place]];
        if (bits & SLOT_BURST(place))
            printf("  burst of %s", rule);
        if (bits & SLOT_LATE(place))
            printf("  late for %s", rule);
    }
}

static void print_card(const struct inspect_look *look, struct card *card)
{
    char time[MOMENT_TEXT_BYTES];
    const struct slot *events = card_events(card);
    const struct slot *counters = card_counters(card);
    for (size_t i = 0; i < card->event_count; i++) {
        moment_text(events[i].time_ms, time);
        printf("  %-24s", time);
        if (events[i].bits & SLOT_HAS_ID)
            printf("  id %" PRId64, events[i].id);
        print_marks(look, events[i].bits);
        printf("\n");
    }
    const struct engine *engine = &look->settings.engine;
    for (size_t i = 0; i < card->counter_count; i++)
        if (counters[i].bits < engine->place_count)
            printf("  window %" PRId64 " of %s: %" PRId64 " purchases\n", counters[i].time_ms,
                   look->settings.rule_names[engine->rule_at[counters[i].bits]], counters[i].id);
}

int inspect_card_text(const struct inspect_look *look, const struct inspect_card *found)
{
    char masked[CARD_MASKED_MAX];
    struct card card;
    struct error err;
    card_mask(found->number, masked);
    if (found->where->partition < 0) {
        printf("%s: no store here has it as of the last checkpoint\n", masked);
        return CLI_FAILED;
    }
    card_init(&card);
    printf("%s: partition %" PRId32 ", %zu bytes\n", masked, found->where->partition,
           found->record.size);
    if (card_decode(found->record, &card, &err) != STATUS_OK) {
        printf("  %s\n", err.text);
        return CLI_FAILED;
    }
    print_card(look, &card);
    card_release(&card);
    return CLI_DONE;
}
