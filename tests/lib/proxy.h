// SPDX-License-Identifier: Apache-2.0
// A bad network between the clients of one listener of a Kafka broker and that broker: delays,
// cuts, silence, and requests that arrive late. A thread of its own carries the bytes, frame by
// frame. What has been sent arrives, even if its sender's connection has been cut meanwhile: that
// is what makes a network dangerous.
#ifndef LIB_PROXY_H
#define LIB_PROXY_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/proxy_frame.h"

struct proxy;

// Listens on 127.0.0.1:port for what goes to 127.0.0.1:target_port; stops the test when it cannot.
struct proxy *proxy_open(uint16_t port, uint16_t target_port);
void proxy_close(struct proxy *proxy);

// Each frame, either way, takes this long; 0: as long as it takes.
void proxy_delay(struct proxy *proxy, int64_t delay_ms);
// Closes the clients' connections.
void proxy_cut(struct proxy *proxy);
// While true, connections are closed as soon as they are opened.
void proxy_refuse(struct proxy *proxy, bool refuse);
// While true, nothing moves and nothing is closed.
void proxy_freeze(struct proxy *proxy, bool freeze);

// The next answer to a request of this kind is lost: the broker has done what was asked, and the
// client hears nothing until its connection is cut `cut_after_ms` later.
void proxy_lose_answer(struct proxy *proxy, int16_t api, int64_t cut_after_ms);

// Holds back the next request of a kind that belongs to a transaction. It reaches the broker when a
// later transaction under the same transactional id has its offsets and is about to add partitions
// or to end; that request of the later transaction waits for `pause_ms` behind the answer to the
// late one.
struct proxy_hold {
    int16_t api;
    bool cut; // the client's connection, at once
    int64_t pause_ms;
    int64_t most_ms; // then it is delivered anyway
};
// Does nothing while another one is held.
void proxy_hold(struct proxy *proxy, const struct proxy_hold *settings);

enum proxy_hold_state {
    HOLD_NONE,
    HOLD_ARMED,     // no such request yet
    HOLD_HELD,      // by the proxy
    HOLD_ENDED,     // its transaction has been ended, or the producer made anew
    HOLD_BEGUN,     // the next transaction has its offsets
    HOLD_DELIVERED, // to the broker, within the next transaction
    HOLD_EXPIRED,   // delivered without a next transaction
    HOLD_ANSWERED,
};

struct proxy_hold_report {
    enum proxy_hold_state state;
    bool within; // it was delivered within a later transaction
    bool anew;   // the producer was made anew before
    int16_t error;
};
struct proxy_hold_report proxy_hold_report(struct proxy *proxy);

#endif
