// SPDX-License-Identifier: Apache-2.0
#include "broker/kafka_membership.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "broker/kafka_cluster.h"
#include "broker/kafka_errors.h"

enum {
    POLLS_MAX = 16, // callbacks and errors served at one go
    LEAVE_MS = 3000,
    MISSING_MS = 30000, // a topic may seem to be unknown while a broker starts
    MISSING_ASK_MS = 1000,
};

struct kafka_identity *kafka_identity_keep(struct kafka_identity *identity)
{
    identity->references++;
    return identity;
}

void kafka_identity_drop(struct kafka_identity *identity)
{
    if (identity == NULL || --identity->references > 0)
        return;
    rd_kafka_consumer_group_metadata_destroy(identity->metadata);
    free(identity);
}

static void identity_forget(struct kafka_membership *membership)
{
    kafka_identity_drop(membership->identity);
    membership->identity = NULL;
}

// Group metadata is opaque; its serialised form can be compared.
static bool same_identity(const rd_kafka_consumer_group_metadata_t *a,
                          const rd_kafka_consumer_group_metadata_t *b)
{
    void *a_bytes = NULL;
    void *b_bytes = NULL;
    size_t a_size = 0;
    size_t b_size = 0;
    rd_kafka_error_t *failed = rd_kafka_consumer_group_metadata_write(a, &a_bytes, &a_size);
    ensure(failed == NULL);
    failed = rd_kafka_consumer_group_metadata_write(b, &b_bytes, &b_size);
    ensure(failed == NULL);
    bool same = a_size == b_size && memcmp(a_bytes, b_bytes, a_size) == 0;
    rd_kafka_mem_free(NULL, a_bytes);
    rd_kafka_mem_free(NULL, b_bytes);
    return same;
}

// A broker lets anybody commit who names no member at all. So when membership has been lost between
// the assignment and its callback, there must be no identity to commit with.
static void identity_take(struct kafka_membership *membership)
{
    identity_forget(membership);
    rd_kafka_consumer_group_metadata_t *metadata =
        rd_kafka_consumer_group_metadata(membership->client.rk);
    if (metadata == NULL)
        return;
    membership->identity = memory_zeroed(1, sizeof(*membership->identity));
    *membership->identity = (struct kafka_identity){.references = 1, .metadata = metadata};
    if (same_identity(metadata, membership->nobody))
        identity_forget(membership);
}

// The group may have thrown us out while a revocation waited for its callback: librdkafka does not
// count that as lost, but it has forgotten who we were.
bool kafka_membership_stands(const struct kafka_membership *membership)
{
    if (membership->identity == NULL || membership->lost_unsaid ||
        rd_kafka_assignment_lost(membership->client.rk))
        return false;
    rd_kafka_consumer_group_metadata_t *now =
        rd_kafka_consumer_group_metadata(membership->client.rk);
    bool same = now != NULL && same_identity(now, membership->identity->metadata);
    if (now != NULL)
        rd_kafka_consumer_group_metadata_destroy(now);
    return same;
}

static void note_assigned(struct kafka_membership *membership,
                          const rd_kafka_topic_partition_list_t *list)
{
    membership->lost_unsaid = membership->lost_unsaid || membership->owning;
    membership->partition_count = 0;
    membership->partitions = memory_resized(membership->partitions, (size_t)list->cnt + 1,
                                            sizeof(membership->partitions[0]));
    for (int i = 0; i < list->cnt; i++)
        membership->partitions[membership->partition_count++] = list->elems[i].partition;
    membership->event = EVENT_ASSIGNED;
    identity_take(membership);
}

// There is nothing to wait for: librdkafka may join again while the worker clears up. It has to be
// answered soon, too: a static member that has lost its member id goes on sending heartbeats until
// then, without one, which brokers take for a stranger with our name.
static void note_lost(struct kafka_membership *membership)
{
    rd_kafka_assign(membership->client.rk, NULL);
    membership->lost_unsaid = true;
    membership->event = EVENT_NONE;
    identity_forget(membership);
}

// Runs inside rd_kafka_consumer_poll.
static void rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t code,
                      rd_kafka_topic_partition_list_t *list, void *opaque)
{
    struct kafka_client *client = opaque;
    struct kafka_membership *membership = client->owner;
    kafka_client_up(client);
    if (membership->closing)
        rd_kafka_assign(rk, NULL);
    else if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS)
        note_assigned(membership, list);
    else if (kafka_membership_stands(membership))
        membership->event = EVENT_REVOKED;
    else
        note_lost(membership);
}

static enum status handle_open(struct kafka_membership *membership, struct error *err)
{
    const struct kafka_settings *settings = membership->settings;
    struct kafka_properties properties = {settings->properties, settings->property_count};
    rd_kafka_conf_t *conf = NULL;
    enum status status = kafka_properties_conf(&properties, KAFKA_KIND_GROUP, &conf, err);
    if (status != STATUS_OK)
        return status;
    kafka_conf_set(conf, "group.id", settings->group_id);
    if (settings->group_instance_id != NULL)
        kafka_conf_set(conf, "group.instance.id", settings->group_instance_id);
    rd_kafka_conf_set_rebalance_cb(conf, rebalance);
    status = kafka_client_open(&membership->client, RD_KAFKA_CONSUMER, conf, membership, err);
    if (status == STATUS_OK)
        rd_kafka_poll_set_consumer(membership->client.rk);
    return status;
}

enum status kafka_membership_open(struct kafka_membership *membership,
                                  const struct kafka_settings *settings, struct error *err)
{
    *membership = (struct kafka_membership){
        .settings = settings, .topic = settings->input_topic, .group_id = settings->group_id};
    enum status status = handle_open(membership, err);
    if (status == STATUS_OK)
        membership->nobody = rd_kafka_consumer_group_metadata_new_with_genid(
            settings->group_id, -1, "", settings->group_instance_id);
    return status;
}

static void leave(struct kafka_membership *membership)
{
    rd_kafka_t *rk = membership->client.rk;
    membership->closing = true;
    if (membership->event != EVENT_NONE) // librdkafka waits for the answer to its last word
        rd_kafka_assign(rk, NULL);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    rd_kafka_error_t *error = rd_kafka_consumer_close_queue(rk, queue);
    int64_t deadline_ms = clock_now_ms() + LEAVE_MS;
    while (error == NULL && !rd_kafka_consumer_closed(rk) && clock_now_ms() < deadline_ms) {
        rd_kafka_event_t *event = rd_kafka_queue_poll(queue, 50);
        if (event != NULL && rd_kafka_event_type(event) == RD_KAFKA_EVENT_REBALANCE)
            rd_kafka_assign(rk, NULL);
        if (event != NULL)
            rd_kafka_event_destroy(event);
    }
    if (error != NULL)
        rd_kafka_error_destroy(error);
    rd_kafka_queue_destroy(queue);
}

void kafka_membership_close(struct kafka_membership *membership)
{
    kafka_asking_close(&membership->asking);
    if (membership->client.rk != NULL && membership->joined)
        leave(membership);
    kafka_client_close(&membership->client);
    identity_forget(membership);
    if (membership->nobody != NULL)
        rd_kafka_consumer_group_metadata_destroy(membership->nobody);
    free(membership->partitions);
    *membership = (struct kafka_membership){.topic = NULL};
}

static enum status join(struct kafka_membership *membership, struct error *err)
{
    rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(topics, membership->topic, RD_KAFKA_PARTITION_UA);
    rd_kafka_resp_err_t code = rd_kafka_subscribe(membership->client.rk, topics);
    rd_kafka_topic_partition_list_destroy(topics);
    membership->joined = code == RD_KAFKA_RESP_ERR_NO_ERROR;
    if (membership->joined)
        return STATUS_OK;
    struct kafka_fault fault = kafka_fault_of_code(code, NULL);
    kafka_fault_deepen(membership->client.rk, &fault);
    return kafka_fault_report(&fault, KAFKA_STAGE_GROUP, err,
                              "cannot join consumer group %s for topic %s", membership->group_id,
                              membership->topic);
}

static bool means_missing(rd_kafka_resp_err_t code)
{
    return code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
           code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC || code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
}

static enum status take_error(struct kafka_membership *membership,
                              const rd_kafka_message_t *message, struct error *err)
{
    struct kafka_fault fault = kafka_fault_of_code(message->err, rd_kafka_message_errstr(message));
    kafka_fault_deepen(membership->client.rk, &fault);
    if (means_missing(fault.code) && membership->missing_since_ms == 0)
        membership->missing_since_ms = clock_now_ms();
    return kafka_fault_report(&fault, KAFKA_STAGE_GROUP, err, "consumer group %s on topic %s",
                              membership->group_id, membership->topic);
}

// A topic that stays unknown for half a minute is gone; before that, a broker may be starting.
static enum status look_for_topic(struct kafka_membership *membership,
                                  struct kafka_cluster *cluster, struct error *err)
{
    int64_t now_ms = clock_now_ms();
    if (membership->missing_since_ms == 0 || now_ms - membership->asked_ms < MISSING_ASK_MS)
        return STATUS_OK;
    membership->asked_ms = now_ms;
    int32_t partitions = -1;
    enum status status = kafka_topic_partitions(cluster, membership->topic, &partitions, err);
    if (status != STATUS_OK)
        return status;
    if (partitions > 0) {
        membership->missing_since_ms = 0;
        return STATUS_OK;
    }
    bool gone = now_ms - membership->missing_since_ms >= MISSING_MS;
    return error_set(err, gone ? STATUS_FATAL : STATUS_RETRY,
                     "topic %s does not exist: create it (`cardwatch init` does), or correct "
                     "topics.purchases",
                     membership->topic);
}

// A broker that hears from us without our member id says that we are fenced. Our own doing, when
// the session has run out while the cluster was away and librdkafka has forgotten the id; a double
// has fenced us only when we still have one.
static bool fenced_by_itself(struct kafka_membership *membership, const struct kafka_fault *fault)
{
    if (fault->code != RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID)
        return false;
    char *member_id = rd_kafka_memberid(membership->client.rk);
    bool forgotten = member_id == NULL || member_id[0] == '\0';
    rd_kafka_mem_free(membership->client.rk, member_id);
    return forgotten;
}

static enum status rejoin(struct kafka_membership *membership, struct error *err)
{
    log_warn("kafka", "joining the consumer group anew: our session had run out",
             LOG_TEXT("group", membership->group_id));
    kafka_asking_close(&membership->asking);
    kafka_client_close(&membership->client);
    identity_forget(membership);
    membership->joined = false;
    membership->event = EVENT_NONE;
    membership->lost_unsaid = true;
    return handle_open(membership, err);
}

// librdkafka tells of a fatal error once; it stays fatal.
static enum status check_alive(struct kafka_membership *membership, struct error *err)
{
    struct kafka_fault fault = kafka_fault_of_code(RD_KAFKA_RESP_ERR_NO_ERROR, NULL);
    kafka_fault_deepen(membership->client.rk, &fault);
    if (!fault.fatal)
        return STATUS_OK;
    if (fenced_by_itself(membership, &fault))
        return rejoin(membership, err);
    return kafka_fault_report(&fault, KAFKA_STAGE_GROUP, err, "consumer group %s on topic %s",
                              membership->group_id, membership->topic);
}

static enum status serve(struct kafka_membership *membership, struct error *err)
{
    enum status status = STATUS_OK;
    for (int i = 0; i < POLLS_MAX && status == STATUS_OK; i++) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(membership->client.rk, 0);
        if (message == NULL)
            break;
        if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR)
            status = take_error(membership, message, err);
        rd_kafka_message_destroy(message);
    }
    return status;
}

enum status kafka_membership_poll(struct kafka_membership *membership,
                                  struct kafka_cluster *cluster, struct error *err)
{
    enum status status = membership->joined ? STATUS_OK : join(membership, err);
    if (status != STATUS_OK)
        return status;
    struct error trouble;
    status = serve(membership, &trouble);
    enum status alive = check_alive(membership, err);
    if (alive != STATUS_OK)
        return alive;
    if (status != STATUS_OK && membership->joined) // else it was about the handle of before
        return error_set(err, status, "%s", trouble.text);
    return look_for_topic(membership, cluster, err);
}

enum membership_event kafka_membership_event(const struct kafka_membership *membership)
{
    return membership->lost_unsaid ? EVENT_LOST : membership->event;
}

static enum status answer(struct kafka_membership *membership, struct error *err)
{
    rd_kafka_topic_partition_list_t *nothing = NULL;
    if (membership->event == EVENT_ASSIGNED)
        nothing = rd_kafka_topic_partition_list_new(1);
    rd_kafka_resp_err_t code = rd_kafka_assign(membership->client.rk, nothing);
    if (nothing != NULL)
        rd_kafka_topic_partition_list_destroy(nothing);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        return STATUS_OK;
    struct kafka_fault fault = kafka_fault_of_code(code, NULL);
    kafka_fault_deepen(membership->client.rk, &fault);
    return kafka_fault_report(&fault, KAFKA_STAGE_GROUP, err,
                              "cannot answer consumer group %s's assignment", membership->group_id);
}

enum status kafka_membership_accept(struct kafka_membership *membership, struct error *err)
{
    if (membership->lost_unsaid) {
        membership->lost_unsaid = false;
        membership->owning = false;
        return STATUS_OK;
    }
    if (membership->event == EVENT_NONE)
        return STATUS_OK;
    enum status status = answer(membership, err);
    if (status != STATUS_OK)
        return status;
    membership->owning = membership->event == EVENT_ASSIGNED;
    if (!membership->owning)
        identity_forget(membership);
    membership->event = EVENT_NONE;
    return STATUS_OK;
}
