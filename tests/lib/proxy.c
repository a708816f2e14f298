// SPDX-License-Identifier: Apache-2.0
#include "lib/proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/memory.h"
#include "lib/process.h"

enum { LINKS_MAX = 128, READ_BYTES = 1 << 16, WAIT_MS = 10, QUEUED_BYTES_MAX = 16 << 20 };

// A frame on its way.
struct parcel {
    struct parcel *next;
    int64_t due_ms; // INT64_MAX: it waits for what is held
    size_t size;
    size_t sent;
    uint8_t bytes[];
};

struct flow {
    struct buffer in; // the beginning of a frame
    struct parcel *first;
    struct parcel *last;
    size_t queued_bytes;
};

struct link {
    struct link *next;
    int client; // -1: it is gone, and what it has sent still goes its way
    int server; // -1: to be forgotten
    struct flow up;
    struct flow down;
    bool keeps; // what is held belongs here
    bool watched;
    int32_t watched_correlation; // of the request whose answer is lost
    int64_t cut_ms;              // 0: not
};

struct hold {
    enum proxy_hold_state state;
    struct proxy_hold settings;
    int64_t deadline_ms;
    int32_t correlation;
    char transactional_id[TRANSACTIONAL_ID_MAX];
    struct parcel *parcel;
    struct link *link; // it came by
    bool within;
    bool anew;
    int16_t error;
};

struct proxy {
    pthread_t thread;
    pthread_mutex_t lock;
    int listener;
    uint16_t target_port;
    bool closing;
    bool refuse;
    bool freeze;
    int64_t delay_ms;
    int16_t lost_api; // -1: none
    int64_t lost_cut_after_ms;
    struct hold hold;
    struct link *links;
    size_t link_count;
};

// ---------------------------------------------------------------------------------------------
// Sockets

static struct sockaddr_in loopback(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
}

static void make_quick(int fd)
{
    int yes = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    fcntl(fd, F_SETFL, O_NONBLOCK);
}

static int listen_on(uint16_t port)
{
    int yes = 1;
    struct sockaddr_in address = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(fd, LINKS_MAX) != 0) {
        fprintf(stderr, "proxy: port %u cannot be listened on: %m\n", port);
        exit(1);
    }
    make_quick(fd);
    return fd;
}

// -1: nobody is there.
static int connect_to(uint16_t port)
{
    struct sockaddr_in address = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ensure(fd >= 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0) {
        make_quick(fd);
        return fd;
    }
    close(fd);
    return -1;
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

// ---------------------------------------------------------------------------------------------
// Flows and links

static void flow_push(struct flow *flow, struct parcel *parcel)
{
    parcel->next = NULL;
    if (flow->first == NULL)
        flow->first = parcel;
    else
        flow->last->next = parcel;
    flow->last = parcel;
    flow->queued_bytes += parcel->size;
}

static void flow_release(struct flow *flow)
{
    while (flow->first != NULL) {
        struct parcel *next = flow->first->next;
        free(flow->first);
        flow->first = next;
    }
    buffer_release(&flow->in);
    *flow = (struct flow){0};
}

// False when the other side is gone.
static bool flow_write(struct flow *flow, int to, int64_t now_ms)
{
    while (flow->first != NULL && flow->first->due_ms <= now_ms) {
        struct parcel *parcel = flow->first;
        ssize_t wrote =
            send(to, parcel->bytes + parcel->sent, parcel->size - parcel->sent, MSG_NOSIGNAL);
        if (wrote < 0)
            return errno == EAGAIN || errno == EINTR;
        parcel->sent += (size_t)wrote;
        if (parcel->sent < parcel->size)
            return true;
        flow->first = parcel->next;
        flow->queued_bytes -= parcel->size;
        free(parcel);
    }
    return true;
}

static void link_open(struct proxy *proxy, int client)
{
    int server =
        proxy->refuse || proxy->link_count >= LINKS_MAX ? -1 : connect_to(proxy->target_port);
    if (server < 0) {
        close(client);
        return;
    }
    struct link *link = memory_zeroed(1, sizeof(*link));
    make_quick(client);
    link->client = client;
    link->server = server;
    buffer_init(&link->up.in, FRAME_BYTES_MAX + READ_BYTES);
    buffer_init(&link->down.in, FRAME_BYTES_MAX + READ_BYTES);
    link->next = proxy->links;
    proxy->links = link;
    proxy->link_count++;
}

static void link_close(struct proxy *proxy, struct link *link)
{
    if (proxy->hold.link == link) {
        free(proxy->hold.parcel);
        proxy->hold.parcel = NULL;
        proxy->hold.link = NULL;
    }
    close_fd(&link->client);
    close_fd(&link->server);
    flow_release(&link->up);
    flow_release(&link->down);
    free(link);
    proxy->link_count--;
}

static void links_sweep(struct proxy *proxy)
{
    struct link **at = &proxy->links;
    while (*at != NULL) {
        struct link *link = *at;
        bool done = link->client < 0 && link->up.first == NULL && !link->keeps;
        if (link->server >= 0 && !done) {
            at = &link->next;
            continue;
        }
        *at = link->next;
        link_close(proxy, link);
    }
}

// ---------------------------------------------------------------------------------------------
// What is held back

static void hold_deliver(struct proxy *proxy, enum proxy_hold_state state)
{
    struct hold *hold = &proxy->hold;
    hold->state = state;
    hold->within = state == HOLD_DELIVERED;
    hold->deadline_ms = process_clock_ms() + hold->settings.most_ms;
    if (hold->link == NULL)
        return;
    hold->parcel->due_ms = 0;
    flow_push(&hold->link->up, hold->parcel);
    hold->parcel = NULL;
}

// Lets go what waits for the answer.
static void hold_end(struct proxy *proxy, int64_t due_ms)
{
    proxy->hold.state = HOLD_ANSWERED;
    for (struct link *link = proxy->links; link != NULL; link = link->next) {
        link->keeps = false;
        for (struct parcel *parcel = link->up.first; parcel != NULL; parcel = parcel->next)
            parcel->due_ms = parcel->due_ms == INT64_MAX ? due_ms : parcel->due_ms;
    }
    proxy->hold.link = NULL;
}

static void hold_expire(struct proxy *proxy, int64_t now_ms)
{
    struct hold *hold = &proxy->hold;
    bool waiting = hold->state >= HOLD_HELD && hold->state <= HOLD_BEGUN;
    bool delivered = hold->state == HOLD_DELIVERED || hold->state == HOLD_EXPIRED;
    bool closed = hold->link == NULL; // by the broker
    bool due = now_ms >= hold->deadline_ms;
    if (waiting && due && !closed)
        hold_deliver(proxy, HOLD_EXPIRED);
    else if ((waiting && closed) || (delivered && (closed || due)))
        hold_end(proxy, now_ms);
}

static void hold_take(struct proxy *proxy, struct link *link, struct parcel *parcel,
                      const struct frame_request *request)
{
    struct hold *hold = &proxy->hold;
    hold->state = HOLD_HELD;
    hold->parcel = parcel;
    hold->link = link;
    hold->correlation = request->correlation;
    hold->deadline_ms = process_clock_ms() + hold->settings.most_ms;
    memcpy(hold->transactional_id, request->transactional_id, sizeof(hold->transactional_id));
    link->keeps = true;
    if (hold->settings.cut)
        close_fd(&link->client);
}

// Follows the transactions of the producer whose request is held. True: the moment has come.
static bool hold_follow(struct hold *hold, const struct frame_request *request)
{
    if (strcmp(request->transactional_id, hold->transactional_id) != 0)
        return false;
    bool anew = request->api == API_INIT_PRODUCER_ID;
    hold->anew = hold->anew || anew;
    if (hold->state == HOLD_HELD && (request->api == API_END_TXN || anew))
        hold->state = HOLD_ENDED;
    else if (hold->state == HOLD_ENDED && request->api == API_TXN_OFFSET_COMMIT)
        hold->state = HOLD_BEGUN;
    else if (hold->state == HOLD_BEGUN)
        return request->api == API_ADD_PARTITIONS_TO_TXN || request->api == API_END_TXN;
    return false;
}

// ---------------------------------------------------------------------------------------------
// Frames

static void take_request(struct proxy *proxy, struct link *link, struct parcel *parcel)
{
    struct frame_request request;
    struct hold *hold = &proxy->hold;
    bool known = frame_read_request((struct view){parcel->bytes, parcel->size}, &request);
    if (known && hold->state == HOLD_ARMED && request.api == hold->settings.api) {
        hold_take(proxy, link, parcel, &request);
        return;
    }
    if (known && hold->state >= HOLD_HELD && hold->state <= HOLD_BEGUN &&
        hold_follow(hold, &request)) {
        parcel->due_ms = INT64_MAX;
        hold_deliver(proxy, HOLD_DELIVERED);
    }
    if (known && request.api == proxy->lost_api) {
        proxy->lost_api = -1;
        link->watched = true;
        link->watched_correlation = request.correlation;
    }
    flow_push(&link->up, parcel);
}

static void take_answer(struct proxy *proxy, struct link *link, struct parcel *parcel)
{
    struct hold *hold = &proxy->hold;
    struct view frame = {parcel->bytes, parcel->size};
    int32_t correlation = frame_read_correlation(frame);
    bool late = hold->state == HOLD_DELIVERED || hold->state == HOLD_EXPIRED;
    if (late && link == hold->link && correlation == hold->correlation) {
        hold->error = frame_read_error(hold->settings.api, frame);
        hold_end(proxy, process_clock_ms() + hold->settings.pause_ms);
    }
    bool lost = link->watched && correlation == link->watched_correlation;
    if (lost)
        link->cut_ms = process_clock_ms() + proxy->lost_cut_after_ms;
    if (lost || link->cut_ms != 0 || link->client < 0)
        free(parcel);
    else
        flow_push(&link->down, parcel);
}

static void take_frames(struct proxy *proxy, struct link *link, struct flow *flow)
{
    for (;;) {
        size_t size = frame_bytes(buffer_view(&flow->in));
        if (size == 0 || size > flow->in.size)
            return;
        struct parcel *parcel = memory_zeroed(1, sizeof(*parcel) + size);
        parcel->size = size;
        parcel->due_ms = process_clock_ms() + proxy->delay_ms;
        memcpy(parcel->bytes, flow->in.data, size);
        flow->in.size -= size;
        memmove(flow->in.data, flow->in.data + size, flow->in.size);
        if (flow == &link->up)
            take_request(proxy, link, parcel);
        else
            take_answer(proxy, link, parcel);
    }
}

// False when that side is gone.
static bool flow_read(struct proxy *proxy, struct link *link, struct flow *flow, int from)
{
    ensure(buffer_reserve(&flow->in, READ_BYTES));
    ssize_t got = recv(from, flow->in.data + flow->in.size, READ_BYTES, 0);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR;
    flow->in.size += (size_t)got;
    take_frames(proxy, link, flow);
    return got > 0;
}

static void link_serve(struct proxy *proxy, struct link *link)
{
    int64_t now_ms = process_clock_ms();
    if (link->client >= 0 && link->up.queued_bytes < QUEUED_BYTES_MAX &&
        !flow_read(proxy, link, &link->up, link->client))
        close_fd(&link->client);
    if (link->down.queued_bytes < QUEUED_BYTES_MAX &&
        !flow_read(proxy, link, &link->down, link->server))
        close_fd(&link->server);
    if (link->server >= 0 && !flow_write(&link->up, link->server, now_ms))
        close_fd(&link->server);
    if (link->client >= 0 && !flow_write(&link->down, link->client, now_ms))
        close_fd(&link->client);
    if (link->cut_ms != 0 && now_ms >= link->cut_ms)
        close_fd(&link->client);
}

static bool flow_waits(const struct flow *flow)
{
    return flow->first != NULL;
}

// Until there is something to read, or to look at again.
static void await_something(struct proxy *proxy)
{
    struct pollfd fds[2 * LINKS_MAX + 1] = {{.fd = proxy->listener, .events = POLLIN}};
    nfds_t count = 1;
    int wait_ms = WAIT_MS;
    for (struct link *link = proxy->links; link != NULL && !proxy->freeze; link = link->next) {
        fds[count++] = (struct pollfd){.fd = link->client, .events = POLLIN};
        fds[count++] = (struct pollfd){.fd = link->server, .events = POLLIN};
        if (flow_waits(&link->up) || flow_waits(&link->down))
            wait_ms = 1;
    }
    pthread_mutex_unlock(&proxy->lock);
    poll(fds, count, wait_ms);
    pthread_mutex_lock(&proxy->lock);
}

static void *carry(void *context)
{
    struct proxy *proxy = context;
    pthread_mutex_lock(&proxy->lock);
    while (!proxy->closing) {
        await_something(proxy);
        int client = accept4(proxy->listener, NULL, NULL, SOCK_CLOEXEC);
        if (client >= 0)
            link_open(proxy, client);
        if (proxy->freeze)
            continue;
        hold_expire(proxy, process_clock_ms());
        for (struct link *link = proxy->links; link != NULL; link = link->next)
            link_serve(proxy, link);
        links_sweep(proxy);
    }
    pthread_mutex_unlock(&proxy->lock);
    return NULL;
}

// ---------------------------------------------------------------------------------------------
// From outside

struct proxy *proxy_open(uint16_t port, uint16_t target_port)
{
    struct proxy *proxy = memory_zeroed(1, sizeof(*proxy));
    proxy->target_port = target_port;
    proxy->lost_api = -1;
    proxy->listener = listen_on(port);
    pthread_mutex_init(&proxy->lock, NULL);
    int failed = pthread_create(&proxy->thread, NULL, carry, proxy);
    ensure(failed == 0);
    return proxy;
}

void proxy_close(struct proxy *proxy)
{
    if (proxy == NULL)
        return;
    pthread_mutex_lock(&proxy->lock);
    proxy->closing = true;
    pthread_mutex_unlock(&proxy->lock);
    pthread_join(proxy->thread, NULL);
    while (proxy->links != NULL) {
        struct link *next = proxy->links->next;
        link_close(proxy, proxy->links);
        proxy->links = next;
    }
    close(proxy->listener);
    pthread_mutex_destroy(&proxy->lock);
    free(proxy);
}

void proxy_delay(struct proxy *proxy, int64_t delay_ms)
{
    pthread_mutex_lock(&proxy->lock);
    proxy->delay_ms = delay_ms;
    pthread_mutex_unlock(&proxy->lock);
}

static void cut_clients(struct proxy *proxy)
{
    for (struct link *link = proxy->links; link != NULL; link = link->next)
        close_fd(&link->client);
}

void proxy_cut(struct proxy *proxy)
{
    pthread_mutex_lock(&proxy->lock);
    cut_clients(proxy);
    pthread_mutex_unlock(&proxy->lock);
}

void proxy_refuse(struct proxy *proxy, bool refuse)
{
    pthread_mutex_lock(&proxy->lock);
    proxy->refuse = refuse;
    if (refuse)
        cut_clients(proxy);
    pthread_mutex_unlock(&proxy->lock);
}

void proxy_freeze(struct proxy *proxy, bool freeze)
{
    pthread_mutex_lock(&proxy->lock);
    proxy->freeze = freeze;
    pthread_mutex_unlock(&proxy->lock);
}

void proxy_lose_answer(struct proxy *proxy, int16_t api, int64_t cut_after_ms)
{
    pthread_mutex_lock(&proxy->lock);
    proxy->lost_api = api;
    proxy->lost_cut_after_ms = cut_after_ms;
    pthread_mutex_unlock(&proxy->lock);
}

void proxy_hold(struct proxy *proxy, const struct proxy_hold *settings)
{
    pthread_mutex_lock(&proxy->lock);
    enum proxy_hold_state state = proxy->hold.state;
    if (state <= HOLD_ARMED || state == HOLD_ANSWERED)
        proxy->hold = (struct hold){.state = HOLD_ARMED, .settings = *settings};
    pthread_mutex_unlock(&proxy->lock);
}

struct proxy_hold_report proxy_hold_report(struct proxy *proxy)
{
    pthread_mutex_lock(&proxy->lock);
    const struct hold *hold = &proxy->hold;
    struct proxy_hold_report report = {hold->state, hold->within, hold->anew, hold->error};
    pthread_mutex_unlock(&proxy->lock);
    return report;
}
