// SPDX-License-Identifier: Apache-2.0
// Administration of topics: creating them and asking for their settings.
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "broker/kafka_cluster.h"
#include "broker/kafka_errors.h"

enum {
    REQUEST_MS = 10000,
    VISIBLE_MS = 15000,
    VISIBLE_STEP_MS = 50,
    FALLBACK_PARTITIONS = 1, // brokers before 2.4 do not know "your default"
    FALLBACK_REPLICAS = 1,
};

// A request under way: its options and the queue that its answer comes to.
struct request {
    rd_kafka_t *rk;
    int timeout_ms;
    rd_kafka_AdminOptions_t *options;
    rd_kafka_queue_t *queue;
    rd_kafka_event_t *event;
};

static struct request request_begin(struct kafka_cluster *cluster, rd_kafka_admin_op_t operation,
                                    int timeout_ms)
{
    struct request request = {.rk = cluster->client.rk, .timeout_ms = timeout_ms};
    char text[128];
    request.options = rd_kafka_AdminOptions_new(request.rk, operation);
    rd_kafka_AdminOptions_set_request_timeout(request.options, timeout_ms, text, sizeof(text));
    if (operation == RD_KAFKA_ADMIN_OP_CREATETOPICS)
        rd_kafka_AdminOptions_set_operation_timeout(request.options, timeout_ms, text,
                                                    sizeof(text));
    request.queue = rd_kafka_queue_new(request.rk);
    return request;
}

// Waits for the answer; its error when the request failed as a whole.
static struct kafka_fault request_wait(struct request *request)
{
    request->event = rd_kafka_queue_poll(request->queue, request->timeout_ms + 100);
    if (request->event == NULL)
        return kafka_fault_of_code(RD_KAFKA_RESP_ERR__TIMED_OUT, NULL);
    return kafka_fault_of_code(rd_kafka_event_error(request->event),
                               rd_kafka_event_error_string(request->event));
}

static void request_end(struct request *request)
{
    if (request->event != NULL)
        rd_kafka_event_destroy(request->event);
    rd_kafka_queue_destroy(request->queue);
    rd_kafka_AdminOptions_destroy(request->options);
}

static struct kafka_fault topic_fault(const struct request *request)
{
    const rd_kafka_CreateTopics_result_t *result =
        rd_kafka_event_CreateTopics_result(request->event);
    size_t count = 0;
    const rd_kafka_topic_result_t **topics = rd_kafka_CreateTopics_result_topics(result, &count);
    if (count == 0)
        return kafka_fault_of_code(RD_KAFKA_RESP_ERR__BAD_MSG, NULL);
    return kafka_fault_of_code(rd_kafka_topic_result_error(topics[0]),
                               rd_kafka_topic_result_error_string(topics[0]));
}

static struct kafka_fault topic_request(struct kafka_cluster *cluster,
                                        const struct kafka_topic_plan *plan, int partitions,
                                        int replicas)
{
    char text[512];
    rd_kafka_NewTopic_t *topic =
        rd_kafka_NewTopic_new(plan->name, partitions, replicas, text, sizeof(text));
    if (topic == NULL)
        return kafka_fault_of_code(RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION, text);
    for (size_t i = 0; i < plan->setting_count; i++)
        rd_kafka_NewTopic_set_config(topic, plan->settings[i].name, plan->settings[i].value);
    struct request request = request_begin(cluster, RD_KAFKA_ADMIN_OP_CREATETOPICS, REQUEST_MS);
    rd_kafka_CreateTopics(request.rk, &topic, 1, request.options, request.queue);
    struct kafka_fault fault = request_wait(&request);
    if (fault.code == RD_KAFKA_RESP_ERR_NO_ERROR)
        fault = topic_fault(&request);
    request_end(&request);
    rd_kafka_NewTopic_destroy(topic);
    return fault;
}

static bool knows_no_defaults(rd_kafka_resp_err_t code)
{
    return code == RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR ||
           code == RD_KAFKA_RESP_ERR_INVALID_PARTITIONS ||
           code == RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE;
}

static enum status visible_partitions(struct kafka_cluster *cluster, const char *topic,
                                      bool *visible, struct error *err)
{
    int32_t partitions = -1;
    int64_t low = 0;
    int64_t high = 0;
    enum status status = kafka_topic_partitions(cluster, topic, &partitions, err);
    // A partition that answers has a leader.
    for (int32_t i = 0; status == STATUS_OK && i < partitions; i++)
        status = kafka_cluster_watermarks(cluster, topic, i, &low, &high, err);
    *visible = status == STATUS_OK && partitions > 0;
    return status == STATUS_FATAL ? STATUS_FATAL : STATUS_OK;
}

static enum status topic_wait(struct kafka_cluster *cluster, const char *topic, struct error *err)
{
    int64_t deadline_ms = clock_now_ms() + VISIBLE_MS;
    bool visible = false;
    for (;;) {
        enum status status = visible_partitions(cluster, topic, &visible, err);
        if (status != STATUS_OK || visible)
            return status;
        if (clock_now_ms() >= deadline_ms)
            return error_set(err, STATUS_RETRY,
                             "topic %s was created, but has no leaders after %d s", topic,
                             VISIBLE_MS / 1000);
        nanosleep(&(struct timespec){.tv_nsec = VISIBLE_STEP_MS * 1000000L}, NULL);
    }
}

enum status kafka_topic_create(struct kafka_cluster *cluster, const struct kafka_topic_plan *plan,
                               bool *created, struct error *err)
{
    int32_t existing = -1;
    *created = false;
    enum status status = kafka_topic_partitions(cluster, plan->name, &existing, err);
    if (status != STATUS_OK || existing > 0)
        return status;
    struct kafka_fault fault = topic_request(cluster, plan, plan->partition_count, -1);
    if (knows_no_defaults(fault.code))
        fault = topic_request(
            cluster, plan, plan->partition_count > 0 ? plan->partition_count : FALLBACK_PARTITIONS,
            FALLBACK_REPLICAS);
    *created = fault.code == RD_KAFKA_RESP_ERR_NO_ERROR;
    if (*created || fault.code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
        return topic_wait(cluster, plan->name, err);
    status =
        kafka_fault_report(&fault, KAFKA_STAGE_QUERY, err, "cannot create topic %s", plan->name);
    bool refused = fault.code > RD_KAFKA_RESP_ERR_NO_ERROR; // by the broker, not by the network
    return refused && fault.code != RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT &&
                   fault.code != RD_KAFKA_RESP_ERR_NOT_CONTROLLER
               ? STATUS_FATAL
               : status;
}

static struct kafka_fault deletion_fault(const struct request *request)
{
    const rd_kafka_DeleteTopics_result_t *result =
        rd_kafka_event_DeleteTopics_result(request->event);
    size_t count = 0;
    const rd_kafka_topic_result_t **topics = rd_kafka_DeleteTopics_result_topics(result, &count);
    if (count == 0)
        return kafka_fault_of_code(RD_KAFKA_RESP_ERR__BAD_MSG, NULL);
    return kafka_fault_of_code(rd_kafka_topic_result_error(topics[0]),
                               rd_kafka_topic_result_error_string(topics[0]));
}

enum status kafka_topic_delete(struct kafka_cluster *cluster, const char *topic, struct error *err)
{
    rd_kafka_DeleteTopic_t *deletion = rd_kafka_DeleteTopic_new(topic);
    struct request request = request_begin(cluster, RD_KAFKA_ADMIN_OP_DELETETOPICS, REQUEST_MS);
    rd_kafka_DeleteTopics(request.rk, &deletion, 1, request.options, request.queue);
    struct kafka_fault fault = request_wait(&request);
    if (fault.code == RD_KAFKA_RESP_ERR_NO_ERROR)
        fault = deletion_fault(&request);
    request_end(&request);
    rd_kafka_DeleteTopic_destroy(deletion);
    if (fault.code == RD_KAFKA_RESP_ERR_NO_ERROR ||
        fault.code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
        return STATUS_OK;
    return kafka_fault_report(&fault, KAFKA_STAGE_QUERY, err, "cannot delete topic %s", topic);
}

static struct kafka_fault describe(struct request *request, const char *topic,
                                   const rd_kafka_ConfigEntry_t ***entries, size_t *count)
{
    rd_kafka_ConfigResource_t *resource =
        rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic);
    rd_kafka_DescribeConfigs(request->rk, &resource, 1, request->options, request->queue);
    struct kafka_fault fault = request_wait(request);
    rd_kafka_ConfigResource_destroy(resource);
    if (fault.code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return fault;
    size_t found = 0;
    const rd_kafka_ConfigResource_t **resources = rd_kafka_DescribeConfigs_result_resources(
        rd_kafka_event_DescribeConfigs_result(request->event), &found);
    if (found == 0)
        return kafka_fault_of_code(RD_KAFKA_RESP_ERR__BAD_MSG, NULL);
    *entries = rd_kafka_ConfigResource_configs(resources[0], count);
    return kafka_fault_of_code(rd_kafka_ConfigResource_error(resources[0]),
                               rd_kafka_ConfigResource_error_string(resources[0]));
}

static const char *entry_value(const rd_kafka_ConfigEntry_t **entries, size_t count,
                               const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(rd_kafka_ConfigEntry_name(entries[i]), name) == 0)
            return rd_kafka_ConfigEntry_value(entries[i]);
    return NULL;
}

// librdkafka's mock cluster names a controller that it does not have: a request for it would wait
// until its time is up.
static bool has_no_controller(rd_kafka_t *rk)
{
    static const char mock[] = "mockCluster";
    char *id = rd_kafka_clusterid(rk, 0);
    bool is_mock = id != NULL && strncmp(id, mock, sizeof(mock) - 1) == 0;
    rd_kafka_mem_free(rk, id);
    return is_mock;
}

enum status kafka_topic_setting_within(struct kafka_cluster *cluster,
                                       const struct kafka_setting_query *query, char *value,
                                       size_t size, struct error *err)
{
    const char *topic = query->topic;
    if (has_no_controller(cluster->client.rk))
        return error_set(err, STATUS_RETRY, "an embedded broker has no settings of topic %s",
                         topic);
    struct request request =
        request_begin(cluster, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, query->timeout_ms);
    const rd_kafka_ConfigEntry_t **entries = NULL;
    size_t count = 0;
    struct kafka_fault fault = describe(&request, topic, &entries, &count);
    enum status status = STATUS_OK;
    if (fault.code != RD_KAFKA_RESP_ERR_NO_ERROR)
        status = kafka_fault_report(&fault, KAFKA_STAGE_QUERY, err,
                                    "cannot read the settings of topic %s", topic);
    const char *text = status == STATUS_OK ? entry_value(entries, count, query->name) : NULL;
    if (status == STATUS_OK && text == NULL)
        status = error_set(err, STATUS_FATAL, "topic %s has no setting %s", topic, query->name);
    if (status == STATUS_OK)
        snprintf(value, size, "%s", text);
    request_end(&request);
    return status;
}

enum status kafka_topic_setting_get(struct kafka_cluster *cluster, const char *topic,
                                    const char *name, char *value, size_t size, struct error *err)
{
    struct kafka_setting_query query = {topic, name, REQUEST_MS};
    return kafka_topic_setting_within(cluster, &query, value, size, err);
}
