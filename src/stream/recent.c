// SPDX-License-Identifier: Apache-2.0
#include "stream/recent.h"

#include <stdio.h>

#include "base/assert.h"
#include "base/memory.h"

void recent_init(struct recent *recent)
{
    *recent = (struct recent){.notes = {.alert_count = 0}};
    pthread_mutex_init(&recent->lock, NULL);
}

void recent_release(struct recent *recent)
{
    pthread_mutex_destroy(&recent->lock);
}

struct recent_draft *recent_draft_open(struct recent *recent)
{
    struct recent_draft *draft = memory_zeroed(1, sizeof(*draft));
    draft->recent = recent;
    return draft;
}

static struct recent_alert *next_alert(struct recent_notes *notes)
{
    return &notes->alerts[notes->alert_count++ % RECENT_ALERTS];
}

static struct recent_letter *next_letter(struct recent_notes *notes, enum dead_letter_class class_)
{
    ensure(class_ < DEAD_LETTER_CLASSES);
    return &notes->letters[class_][notes->letter_count[class_]++ % RECENT_LETTERS];
}

void recent_draft_alert(struct recent_draft *draft, const struct alert *alert, struct view card,
                        const struct message *source)
{
    struct recent_alert *note = next_alert(&draft->notes);
    note->alert = *alert;
    note->partition = source->partition;
    note->offset = source->offset;
    note->message_ms = source->has_timestamp ? source->timestamp_ms : -1;
    card_mask(card, note->card);
}

void recent_draft_letter(struct recent_draft *draft, enum dead_letter_class class_,
                         const char *reason, const struct message *source)
{
    struct recent_letter *note = next_letter(&draft->notes, class_);
    note->class_ = class_;
    note->partition = source->partition;
    note->offset = source->offset;
    snprintf(note->reason, sizeof(note->reason), "%s", reason);
}

// How many of a ring of `size` are there, and the index of the oldest.
static size_t ring_span(uint64_t count, size_t size, uint64_t *oldest)
{
    size_t there = count < size ? (size_t)count : size;
    *oldest = count - there;
    return there;
}

static void publish_alerts(struct recent_notes *notes, const struct recent_notes *draft,
                           int64_t wall_ms)
{
    uint64_t at;
    size_t count = ring_span(draft->alert_count, RECENT_ALERTS, &at);
    notes->alert_count += at; // more than the ring holds were raised at once
    for (size_t i = 0; i < count; i++, at++) {
        struct recent_alert *note = next_alert(notes);
        *note = draft->alerts[at % RECENT_ALERTS];
        note->sequence = notes->alert_count;
        note->committed_ms = wall_ms;
    }
}

static void publish_letters(struct recent_notes *notes, const struct recent_notes *draft,
                            enum dead_letter_class class_, int64_t wall_ms)
{
    uint64_t at;
    size_t count = ring_span(draft->letter_count[class_], RECENT_LETTERS, &at);
    for (size_t i = 0; i < count; i++, at++) {
        struct recent_letter *note = next_letter(notes, class_);
        *note = draft->letters[class_][at % RECENT_LETTERS];
        note->committed_ms = wall_ms;
    }
}

static bool has_letters(const struct recent_notes *notes)
{
    for (size_t c = 0; c < DEAD_LETTER_CLASSES; c++)
        if (notes->letter_count[c] > 0)
            return true;
    return false;
}

void recent_draft_publish(struct recent_draft *draft, int64_t wall_ms)
{
    struct recent_notes *notes = &draft->recent->notes;
    if (draft->notes.alert_count == 0 && !has_letters(&draft->notes))
        return;
    pthread_mutex_lock(&draft->recent->lock);
    publish_alerts(notes, &draft->notes, wall_ms);
    for (size_t c = 0; c < DEAD_LETTER_CLASSES; c++)
        publish_letters(notes, &draft->notes, (enum dead_letter_class)c, wall_ms);
    pthread_mutex_unlock(&draft->recent->lock);
    recent_draft_discard(draft);
}

void recent_draft_discard(struct recent_draft *draft)
{
    draft->notes.alert_count = 0;
    for (size_t c = 0; c < DEAD_LETTER_CLASSES; c++)
        draft->notes.letter_count[c] = 0;
}

size_t recent_alerts(struct recent *recent, uint64_t after, struct recent_alert *out)
{
    uint64_t at;
    size_t copied = 0;
    pthread_mutex_lock(&recent->lock);
    const struct recent_notes *notes = &recent->notes;
    size_t count = ring_span(notes->alert_count, RECENT_ALERTS, &at);
    for (size_t i = 0; i < count; i++, at++) {
        const struct recent_alert *note = &notes->alerts[at % RECENT_ALERTS];
        if (note->sequence > after)
            out[copied++] = *note;
    }
    pthread_mutex_unlock(&recent->lock);
    return copied;
}

size_t recent_letters(struct recent *recent, enum dead_letter_class class_,
                      struct recent_letter *out)
{
    uint64_t at;
    pthread_mutex_lock(&recent->lock);
    const struct recent_notes *notes = &recent->notes;
    size_t count = ring_span(notes->letter_count[class_], RECENT_LETTERS, &at);
    for (size_t i = 0; i < count; i++, at++)
        out[i] = notes->letters[class_][at % RECENT_LETTERS];
    pthread_mutex_unlock(&recent->lock);
    return count;
}
