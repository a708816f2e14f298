// SPDX-License-Identifier: Apache-2.0
// A real Apache Kafka for the tests of one program (tests/kafka/kafka starts it), with its data in
// a directory of its own. It does not outlive the program, even one that is killed: a guardian
// process holds a pipe from it, and when that closes ends Kafka and removes the directory.
#ifndef LIB_KAFKAD_H
#define LIB_KAFKAD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct kafkad;

enum { KAFKAD_PROXIED_MAX = 4 };

// Where a proxy has to listen, and where the broker listens behind it.
struct kafkad_proxied {
    uint16_t proxy_port;
    uint16_t broker_port;
};

// Starts Kafka and waits until it answers; the test program stops when that fails. To be called
// while the program has one thread: it forks.
struct kafkad *kafkad_open(void);
// The same with `count` (up to KAFKAD_PROXIED_MAX) more listeners whose clients are sent to
// proxies: whoever connects through a proxy to one of them is told that the broker is at that
// proxy.
struct kafkad *kafkad_open_proxied(int count);
void kafkad_close(struct kafkad *kafkad);

// "127.0.0.1:port": the same over restarts.
const char *kafkad_bootstrap(const struct kafkad *kafkad);

// The at-th of them, from 0.
struct kafkad_proxied kafkad_proxied(const struct kafkad *kafkad, int at);

// The same with two listeners more, on which rights are asked for (tests/kafka/kafka, KAFKA_TLS),
// and a user `name` with this password.
struct kafkad *kafkad_open_secure(const char *name, const char *password);
// Their addresses: passwords over TLS, and client certificates.
const char *kafkad_sasl(const struct kafkad *kafkad);
const char *kafkad_tls(const struct kafkad *kafkad);
// Gives or takes the right to write under transactional.ids that begin so: what librdkafka's admin
// client before 2.4 cannot.
void kafkad_allow_transactions(struct kafkad *kafkad, const char *user, const char *prefix,
                               bool allowed);
// Where ca.pem is, and NAME.pem (key and certificate) of "broker" and "client" (CN as the user's).
const char *kafkad_certificates(const struct kafkad *kafkad);

// Makes a directory that goes when Kafka goes, even if the program is killed; the path is the
// caller's to free().
char *kafkad_make_dir(const struct kafkad *kafkad, const char *name);

// The broker's process id.
pid_t kafkad_pid(const struct kafkad *kafkad);

// In good order; kafkad_restart waits until it answers again.
void kafkad_stop(struct kafkad *kafkad);
void kafkad_restart(struct kafkad *kafkad);
// kill -9.
void kafkad_kill(struct kafkad *kafkad);

// Creates a topic and waits until the metadata shows it. `cleanup_policy` NULL: the default.
void kafkad_topic(struct kafkad *kafkad, const char *name, int32_t partitions,
                  const char *cleanup_policy);
// The same with any one setting.
void kafkad_topic_with(struct kafkad *kafkad, const char *name, int32_t partitions,
                       const char *setting, const char *value);

// Gives a topic these settings, "name=value" up to NULL, and the defaults in all others.
void kafkad_topic_settings(struct kafkad *kafkad, const char *topic, const char *const *settings);

// The value of a topic's setting, the caller's to free().
char *kafkad_topic_setting(struct kafkad *kafkad, const char *topic, const char *setting);

// The bytes of a topic's messages on the broker's disk, as they are stored.
int64_t kafkad_topic_bytes(const struct kafkad *kafkad, const char *topic);

// The partitions of a topic; -1 when it does not exist.
int32_t kafkad_partitions(struct kafkad *kafkad, const char *topic);

#endif
