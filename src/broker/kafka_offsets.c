// SPDX-License-Identifier: Apache-2.0
#include "broker/kafka_offsets.h"

#include <inttypes.h>

#include "broker/kafka_errors.h"

enum { COMMITTED_MS = 1000, COMMIT_MS = 10000 };

rd_kafka_topic_partition_list_t *
kafka_offsets_list(const char *topic, const struct partition_offset *offsets, size_t count)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
    for (size_t i = 0; i < count; i++)
        rd_kafka_topic_partition_list_add(list, topic, offsets[i].partition)->offset =
            offsets[i].offset;
    return list;
}

void kafka_offsets_ask(const struct kafka_offset_query *query, struct kafka_offset_answer *answer)
{
    struct partition_offset wanted = {query->partition, 0};
    rd_kafka_topic_partition_list_t *list = kafka_offsets_list(query->topic, &wanted, 1);
    answer->code = rd_kafka_committed(query->rk, list, COMMITTED_MS);
    if (answer->code == RD_KAFKA_RESP_ERR_NO_ERROR)
        answer->code = list->elems[0].err;
    answer->offset = list->elems[0].offset >= 0 ? list->elems[0].offset : -1;
    rd_kafka_topic_partition_list_destroy(list);
}

enum status kafka_offsets_answer(const struct kafka_offset_query *query,
                                 const struct kafka_offset_answer *answer, int64_t *offset,
                                 struct error *err)
{
    *offset = answer->offset;
    if (answer->code == RD_KAFKA_RESP_ERR_NO_ERROR)
        return STATUS_OK;
    struct kafka_fault fault = kafka_fault_of_code(answer->code, NULL);
    kafka_fault_deepen(query->rk, &fault);
    return kafka_fault_report(&fault, KAFKA_STAGE_QUERY, err,
                              "cannot read the committed offset of consumer group %s on "
                              "%s/%" PRId32,
                              query->group_id, query->topic, query->partition);
}

enum status kafka_offsets_committed(const struct kafka_offset_query *query, int64_t *offset,
                                    struct error *err)
{
    struct kafka_offset_answer answer;
    kafka_offsets_ask(query, &answer);
    return kafka_offsets_answer(query, &answer, offset, err);
}

static struct kafka_fault commit_list(struct kafka_membership *membership,
                                      const rd_kafka_topic_partition_list_t *list)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_new(membership->client.rk);
    rd_kafka_resp_err_t code =
        rd_kafka_commit_queue(membership->client.rk, list, queue, NULL, NULL);
    rd_kafka_event_t *event =
        code == RD_KAFKA_RESP_ERR_NO_ERROR ? rd_kafka_queue_poll(queue, COMMIT_MS) : NULL;
    if (event != NULL) {
        code = rd_kafka_event_error(event);
        rd_kafka_event_destroy(event);
    } else if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
        code = RD_KAFKA_RESP_ERR__TIMED_OUT;
    }
    rd_kafka_queue_destroy(queue);
    return kafka_fault_of_code(code, NULL);
}

enum status kafka_offsets_commit(struct kafka_membership *membership,
                                 const struct partition_offset *offsets, size_t count,
                                 struct error *err)
{
    if (count == 0)
        return STATUS_OK;
    if (!kafka_membership_stands(membership))
        return error_set(err, STATUS_RESET,
                         "consumer group %s has given our partitions away: nothing committed",
                         membership->group_id);
    rd_kafka_topic_partition_list_t *list = kafka_offsets_list(membership->topic, offsets, count);
    struct kafka_fault fault = commit_list(membership, list);
    rd_kafka_topic_partition_list_destroy(list);
    if (fault.code == RD_KAFKA_RESP_ERR_NO_ERROR)
        return STATUS_OK;
    kafka_fault_deepen(membership->client.rk, &fault);
    return kafka_fault_report(&fault, KAFKA_STAGE_FLUSH, err,
                              "cannot commit offsets of topic %s for consumer group %s",
                              membership->topic, membership->group_id);
}
