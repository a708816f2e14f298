// SPDX-License-Identifier: Apache-2.0
#include "broker/kafka_asking.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/memory.h"
#include "broker/kafka_bounded.h"
#include "broker/kafka_offsets.h"

enum { PATIENCE_MS = 20 };

struct kafka_question {
    struct kafka_question *next;
    struct kafka_bounded *bounded;
    struct kafka_identity *identity; // when it was asked; kept, so that no other is there
    struct kafka_offset_query query;
    struct kafka_offset_answer answer;
};

static void ask(void *context)
{
    struct kafka_question *question = context;
    kafka_offsets_ask(&question->query, &question->answer);
}

static struct kafka_question *question_open(const struct kafka_membership *membership,
                                            int32_t partition)
{
    struct kafka_bounded *bounded = kafka_bounded_open("committed");
    if (bounded == NULL)
        return NULL;
    struct kafka_question *question = memory_zeroed(1, sizeof(*question));
    question->bounded = bounded;
    question->query = (struct kafka_offset_query){membership->client.rk, membership->group_id,
                                                  membership->topic, partition};
    if (membership->identity != NULL)
        question->identity = kafka_identity_keep(membership->identity);
    return question;
}

static void question_close(struct kafka_question *question)
{
    kafka_bounded_close(question->bounded);
    kafka_identity_drop(question->identity);
    free(question);
}

// Where the partition's question hangs, or where a new one is to be hung.
static struct kafka_question **place_of(struct kafka_asking *asking, int32_t partition)
{
    struct kafka_question **at = &asking->questions;
    while (*at != NULL && (*at)->query.partition != partition)
        at = &(*at)->next;
    return at;
}

static struct kafka_question *unhang(struct kafka_question **at)
{
    struct kafka_question *question = *at;
    *at = question->next;
    return question;
}

static enum status no_answer_yet(const struct kafka_question *question, struct error *err)
{
    return error_set(err, STATUS_RETRY,
                     "the committed offset of consumer group %s on %s/%" PRId32
                     " is not known yet: an open transaction holds it back, or the group's broker "
                     "does not answer",
                     question->query.group_id, question->query.topic, question->query.partition);
}

enum status kafka_asking_committed(struct kafka_membership *membership, int32_t partition,
                                   int64_t *offset, struct error *err)
{
    struct kafka_asking *asking = &membership->asking;
    struct kafka_question **at = place_of(asking, partition);
    if (*at != NULL && !kafka_bounded_idle((*at)->bounded))
        return no_answer_yet(*at, err);
    if (*at != NULL && (*at)->identity != membership->identity)
        question_close(unhang(at));
    at = place_of(asking, partition);
    if (*at == NULL) {
        *at = question_open(membership, partition);
        if (*at == NULL)
            return error_set(err, STATUS_RETRY, KAFKA_BOUNDED_NONE);
        if (!kafka_bounded_run((*at)->bounded, ask, *at, PATIENCE_MS))
            return no_answer_yet(*at, err);
    }
    struct kafka_question *question = unhang(at);
    enum status status = kafka_offsets_answer(&question->query, &question->answer, offset, err);
    question_close(question);
    return status;
}

void kafka_asking_close(struct kafka_asking *asking)
{
    while (asking->questions != NULL) {
        kafka_bounded_wait(asking->questions->bounded);
        question_close(unhang(&asking->questions));
    }
}
