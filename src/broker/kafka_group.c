// SPDX-License-Identifier: Apache-2.0
#include "broker/kafka_group.h"

#include "broker/kafka_cluster.h"
#include "broker/kafka_errors.h"

enum { REQUEST_MS = 10000 };

static void name_member(const rd_kafka_MemberDescription_t *member, struct buffer *names)
{
    const char *instance = rd_kafka_MemberDescription_group_instance_id(member);
    const char *client = rd_kafka_MemberDescription_client_id(member);
    const char *host = rd_kafka_MemberDescription_host(member);
    (void)buffer_append_format(names, "%s%s at %s", names->size > 0 ? ", " : "",
                               instance != NULL ? instance : client, host);
}

static struct kafka_fault read_description(const rd_kafka_ConsumerGroupDescription_t *description,
                                           size_t *count, struct buffer *names)
{
    const rd_kafka_error_t *error = rd_kafka_ConsumerGroupDescription_error(description);
    if (error != NULL)
        return kafka_fault_of_code(rd_kafka_error_code(error), rd_kafka_error_string(error));
    *count = rd_kafka_ConsumerGroupDescription_member_count(description);
    for (size_t i = 0; i < *count; i++)
        name_member(rd_kafka_ConsumerGroupDescription_member(description, i), names);
    return kafka_fault_of_code(RD_KAFKA_RESP_ERR_NO_ERROR, NULL);
}

static struct kafka_fault read_answer(rd_kafka_event_t *event, size_t *count, struct buffer *names)
{
    if (event == NULL)
        return kafka_fault_of_code(RD_KAFKA_RESP_ERR__TIMED_OUT, NULL);
    if (rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return kafka_fault_of_code(rd_kafka_event_error(event), rd_kafka_event_error_string(event));
    size_t found = 0;
    const rd_kafka_ConsumerGroupDescription_t **groups =
        rd_kafka_DescribeConsumerGroups_result_groups(
            rd_kafka_event_DescribeConsumerGroups_result(event), &found);
    if (found == 0)
        return kafka_fault_of_code(RD_KAFKA_RESP_ERR__BAD_MSG, NULL);
    return read_description(groups[0], count, names);
}

enum status kafka_group_members(struct kafka_cluster *cluster, const char *group_id, size_t *count,
                                struct buffer *names, struct error *err)
{
    rd_kafka_t *rk = cluster->client.rk;
    char text[128];
    *count = 0;
    rd_kafka_AdminOptions_t *options =
        rd_kafka_AdminOptions_new(rk, RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS);
    rd_kafka_AdminOptions_set_request_timeout(options, REQUEST_MS, text, sizeof(text));
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    rd_kafka_DescribeConsumerGroups(rk, &group_id, 1, options, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, REQUEST_MS + 100);
    struct kafka_fault fault = read_answer(event, count, names);
    if (event != NULL)
        rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    rd_kafka_AdminOptions_destroy(options);
    if (fault.code == RD_KAFKA_RESP_ERR_NO_ERROR ||
        fault.code == RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND)
        return STATUS_OK;
    return kafka_fault_report(&fault, KAFKA_STAGE_QUERY, err,
                              "cannot learn who is in consumer group %s", group_id);
}
